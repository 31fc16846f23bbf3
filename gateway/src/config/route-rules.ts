import type { BrokenRule, Rule } from './rules.ts';
import type { Config } from './settings.ts';

type Route = Config['ingest']['route'][number];

const YIELDS_DEVICE_AND_POINT: Rule = {
  says:
    'Each `[[ingest.route]]` that is not ignored yields a device (`{device}` in its topic, `device_key` or `device`) ' +
    'and a point (`{point}` in its topic, `point_key`, `point` or `fields`).',
  check: forEachRoute((route) => {
    if (route.decoder === 'ignore') return [];
    const missing: string[] = [];
    if (!route.topic.includes('{device}') && route.deviceKey === '' && route.device === '') missing.push('device');
    const namesPoint = route.topic.includes('{point}') || route.pointKey !== '' || route.point !== '';
    if (!namesPoint && route.fields.length === 0) missing.push('point');
    return missing.map((name) => ({
      message: `expected a route that yields a ${name}, found none in topic "${route.topic}"`,
      hint: `Put {${name}} into the topic, or set ${name}_key or ${name}.`,
    }));
  }),
};

const NUMBER_HAS_NO_MEMBERS: Rule = {
  says: 'A route with `decoder = "number"` has none of `array`, `fields`, `device_key`, `point_key`, `quality_key`.',
  check: forEachRoute((route) => {
    if (route.decoder !== 'number') return [];
    const members = {
      array: route.array !== '',
      fields: route.fields.length > 0,
      device_key: route.deviceKey !== '',
      point_key: route.pointKey !== '',
      quality_key: route.qualityKey !== '',
    };
    const found = Object.entries(members).filter(([, isSet]) => isSet);
    if (found.length === 0) return [];
    const names = found.map(([name]) => name).join(', ');
    return [{ message: `expected no ${names}: a bare number has no members`, hint: 'Use decoder = "json".' }];
  }),
};

const STAR_STANDS_ALONE: Rule = {
  says: 'In `fields`, `"*"` stands alone.',
  check: forEachRoute(({ fields }) => {
    if (!fields.includes('*') || fields.length === 1) return [];
    return [{ message: `expected fields of "*" alone or of paths, found "*" among ${fields.length}` }];
  }),
};

/** A fault of a route points at the row, and gives way to any fault within it. */
function forEachRoute(check: (route: Route) => Omit<BrokenRule, 'paths'>[]): Rule['check'] {
  return ({ ingest }) =>
    ingest.route.flatMap((route, index) =>
      check(route).map((broken) => ({ ...broken, paths: [`ingest.route[${index}]`] as const })),
    );
}

export const ROUTE_RULES: readonly Rule[] = [YIELDS_DEVICE_AND_POINT, NUMBER_HAS_NO_MEMBERS, STAR_STANDS_ALONE];
