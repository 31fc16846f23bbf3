import type { SystemFiles } from './ports.ts';
import { topicLevel } from './topic-level.ts';

/** What a broken or disconnected sensor shows lies outside: 0 K exactly, or the largest number of its register. */
const PLAUSIBLE_CELSIUS = { min: -55, max: 150 };

/**
 * Every temperature the machine shows, in °C, by point name: `temperature-<zone type>` from /sys/class/thermal and
 * `temperature-<chip>-<label or input>` from /sys/class/hwmon. Empty where there is no sensor, as in most virtual machines.
 */
export function readTemperatures(files: SystemFiles): Map<string, number> {
  const found = new Map<string, number>();
  const add = (name: string, path: string) => {
    const celsius = Number(files.read(path)?.trim() || Number.NaN) / 1000;
    if (!(celsius >= PLAUSIBLE_CELSIUS.min && celsius <= PLAUSIBLE_CELSIUS.max)) return;
    const point = `temperature-${topicLevel(name)}`;
    // Two sensors of one name, such as two disks: the second gets a number.
    let unique = point;
    for (let n = 2; found.has(unique); n++) unique = `${point}-${n}`;
    found.set(unique, celsius);
  };
  for (const zone of files
    .list('/sys/class/thermal')
    .filter((name) => name.startsWith('thermal_zone'))
    .sort()) {
    const folder = `/sys/class/thermal/${zone}`;
    add(files.read(`${folder}/type`)?.trim() || zone, `${folder}/temp`);
  }
  for (const chip of files.list('/sys/class/hwmon').sort()) {
    const folder = `/sys/class/hwmon/${chip}`;
    const chipName = files.read(`${folder}/name`)?.trim() || chip;
    for (const input of files
      .list(folder)
      .filter((name) => /^temp\d+_input$/.test(name))
      .sort()) {
      const sensor = input.slice(0, -'_input'.length);
      add(`${chipName}-${files.read(`${folder}/${sensor}_label`)?.trim() || sensor}`, `${folder}/${input}`);
    }
  }
  return found;
}
