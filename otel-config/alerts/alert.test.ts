import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAlertRule, parseAlerts } from './alert.ts'

const hook = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const secrets = {
  env: (name: string): string | undefined => ({ SLACK: 'https://hooks.slack.example/services/T/B/x', HOOK: hook })[name],
  file: (path: string): string | undefined => (path === '/run/pd' ? 'routing\n' : undefined),
}

test('rules, destinations, and where their secrets are', () => {
  const { rules, destinations } = parseAlerts(`
destinations:
  - { id: team, kind: slack, url: { env: SLACK } }
  - { id: hook, kind: webhook, url: "http://127.0.0.1:9/x", secret: { env: HOOK } }
  - { id: pd, kind: pagerduty, routing_key: { file: /run/pd } }
  - { id: am, kind: alertmanager, url: "http://localhost:9093" }
  - { id: mail, kind: email, server: "smtp://localhost:25", from: a@example.com, to: [b@example.com] }
rules:
  - { id: money, on: budget, notify: [team, hook] }
  - { id: failing, on: error_rate, above: 20, window: 1h, for: 5m, group_by: service, no_data: keep, notify: [pd] }
`, secrets)
  assert.deepEqual(rules, [
    { id: 'money', on: 'budget', budgets: [], notify: ['team', 'hook'], document: 'id: money\non: budget\nnotify:\n  - team\n  - hook\n' },
    {
      id: 'failing', on: 'error_rate', above: 20, windowMs: 3_600_000, forMs: 300_000, groupBy: 'service', noData: 'keep', notify: ['pd'],
      document: 'id: failing\non: error_rate\nabove: 20\nwindow: 1h\nfor: 5m\ngroup_by: service\nno_data: keep\nnotify:\n  - pd\n',
    },
  ])
  assert.deepEqual(destinations.map((one) => one.kind), ['slack', 'webhook', 'pagerduty', 'alertmanager', 'email'])
  assert.deepEqual(destinations[2], { id: 'pd', kind: 'pagerduty', url: 'https://events.pagerduty.com/v2/enqueue', routingKey: 'routing' })
})

test('a rule on its own says the same as in a file, and its document says it again', () => {
  const rule = parseAlertRule('{"id": "failing", "on": "error_rate", "above": 20, "group_by": "service", "notify": ["pd"]}')
  assert.deepEqual(rule, {
    id: 'failing', on: 'error_rate', above: 20, windowMs: 900_000, forMs: 0, groupBy: 'service', noData: 'resolve', notify: ['pd'],
    document: 'id: failing\non: error_rate\nabove: 20\ngroup_by: service\nnotify:\n  - pd\n',
  })
  assert.deepEqual(parseAlertRule(rule.document), rule)
  assert.throws(() => parseAlertRule('{ id: A, on: budget, notify: [] }'), { name: 'AlertError', message: /^rule: id is 'A', allowed are lower-case letters/ })
  assert.throws(() => parseAlertRule('[]'), { name: 'AlertError', message: 'rule: is a list, keys and values are needed' })
})

const refusals: readonly (readonly [string, RegExp])[] = [
  ['rules: [{ id: r, on: budget, notify: [nobody] }]', /^rule 'r': notify names 'nobody', destinations are none$/],
  ['rules: [{ id: r, on: weather, notify: [] }]', /^rule 'r': on is 'weather', allowed: budget, error_rate/],
  ['rules: [{ id: r, on: error_rate, notify: [] }]', /^rule 'r': above is missing, a number from 0 is needed \(percent of runs that failed\)$/],
  ['rules: [{ id: r, on: denials, above: 1, window: soon, notify: [] }]', /^rule 'r': window is 'soon', minutes, hours or days/],
  ['rules: [{ id: r, on: loops, above: 1, group_by: service, notify: [] }]', /^rule 'r': group_by is 'service', allowed: agent$/],
  ['rules: [{ id: r, on: rejected, above: 1, group_by: agent, notify: [] }]', /^rule 'r': group_by does not go with rejected$/],
  ['destinations: [{ id: d, kind: pigeon }]', /^destination 'd': kind is 'pigeon', allowed: slack, webhook/],
  ['destinations: [{ id: d, kind: slack, url: "file:///etc/passwd" }]', /^destination 'd': url must be an http:\/\/ or https:\/\/ URL$/],
  ['destinations: [{ id: d, kind: slack, url: { env: "https://hooks.slack.com/x" } }]', /^destination 'd': url: the variable that env names is not set$/],
  ['destinations: [{ id: d, kind: pagerduty, routing_key: { file: R0KEY } }]', /^destination 'd': routing_key: the file that it names cannot be read$/],
  ['destinations: https://hooks.slack.com/x', /^destinations: is an address, a list is needed$/],
  ['destinations: ["https://hooks.slack.com/x"]', /^destination 1: is an address, keys and values are needed$/],
  ['destinations: [{ id: "https://hooks.slack.com/x", kind: slack }]', /^destination 1: id is an address, allowed are lower-case/],
  ['destinations: [{ id: d, kind: slack, "https://hooks.slack.com/x": x }]', /^destination 'd': unknown key an address, allowed: id, kind, url$/],
  ['destinations: [{ id: d, kind: webhook, url: "http://x", secret: whsec_inline }]', /^destination 'd': secret must say where the secret is: \{ env: NAME \} or \{ file: path \}$/],
  ['destinations: [{ id: d, kind: webhook, url: "http://x", secret: { env: SLACK } }]', /^destination 'd': secret must be whsec_ and 24 to 64 bytes in base64$/],
  ['destinations: [{ id: d, kind: email, server: "http://x", from: a, to: [b] }]', /^destination 'd': server must be an smtp:\/\/ or smtps:\/\/ URL$/],
]
for (const [yaml, line] of refusals) test(`one clear line, and no secret, for ${yaml.slice(0, 80)}`, () => assert.throws(() => parseAlerts(yaml, secrets), { name: 'AlertError', message: line }))
