/**
 * A reporter for node:test that writes what the last lines of a test run need, one JSON object a line: `{outcome, name, reason}`
 * with outcome passed, failed or skipped. Suites are not counted, their tests are.
 */
export default async function* tally(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite' && !isOwnFailure(type, data)) continue;
    yield `${JSON.stringify({ ...outcomeOf(type, data), name: data.name })}\n`;
  }
}

/** A suite fails by itself when its hooks do; otherwise its failed tests have been counted already. */
function isOwnFailure(type, { details }) {
  return type === 'test:fail' && details.error?.failureType !== 'subtestsFailed';
}

function outcomeOf(type, { skip, todo }) {
  if (skip !== undefined) return { outcome: 'skipped', reason: typeof skip === 'string' ? skip : 'no reason given' };
  if (todo !== undefined) return { outcome: 'skipped', reason: typeof todo === 'string' ? `to do: ${todo}` : 'to do' };
  return { outcome: type === 'test:fail' ? 'failed' : 'passed' };
}
