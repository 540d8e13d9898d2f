import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { closedMonths } from '#clickhouse/tables/closed-months.ts'
import { type LedgerEntryRow, ledgerEntries } from '#clickhouse/tables/ledger-entries.ts'
import { parseDecimal } from '../decimal.ts'
import { ledgerRow, noon, tenant, type TestQuery, testQuery } from '../test-store.ts'
import { parseCsv } from './csv.fixture.ts'
import { type FocusVersion, focusColumns, focusVersions } from './focus-columns.ts'

const day = 86_400_000_000_000n
const token = 1_000_000_000_000n
/** Pico-dollars of one token: $1.25 a million. */
const price = 1_250_000n
const hostile = '=HYPERLINK("http://evil","x"),\r\n+1'

const line = (id: number, said: Partial<LedgerEntryRow>): LedgerEntryRow => {
  const quantity = said.quantity ?? 1_000n * token
  const unitPrice = 'unitPrice' in said ? said.unitPrice : price
  return ledgerRow(id, said.kind === 'CHARGE' || said.kind === undefined ? id : 1, id, { quantity, unitPrice, amount: unitPrice === undefined ? undefined : (quantity / token) * unitPrice, ...said })
}

let query: TestQuery
let dir: string
before(async () => {
  query = await testQuery()
  dir = await mkdtemp(join(tmpdir(), 'focus-'))
  await query.insert(ledgerEntries, [
    line(1, {}), line(2, { occurredAt: noon + 1n }), line(3, { meter: 'output.text', unitPrice: 10_000_001n, quantity: 7n * token, occurredAt: noon + day }),
    line(4, { provider: 'aws.bedrock', model: 'us.anthropic.claude-sonnet-5', meter: 'input.cache_write.1h', agent: hostile, workflow: '@sum', priceCard: 'aws/claude#1' }),
    line(5, { unitPrice: undefined, basis: 'UNPRICED', model: 'homegrown', provider: '', priceCard: '', priceBookVersion: '' }),
    line(6, { basis: 'REPORTED', meter: 'reported_cost', quantity: token, unitPrice: 123_456_789_012n, amount: 123_456_789_012n, provider: 'acme', model: '-2+3' }),
    line(7, { basis: 'REPORTED', meter: 'reported_cost', quantity: token, unitPrice: 1n, amount: 1n, provider: 'acme', model: '-2+3' }),
    // Taken back in its own month: nothing is left of it. Taken back a month later: a correction of that month.
    line(8, { model: 'twice' }), line(9, { model: 'twice', kind: 'REVERSAL', reason: 'mirrored', quantity: -1_000n * token, amount: -1_250_000_000n, reverses: '8'.padStart(64, '0') }),
    line(10, { model: 'late' }), line(11, { model: 'late', kind: 'REVERSAL', reason: 'rolled_up', quantity: -1_000n * token, amount: -1_250_000_000n, postedAt: noon + 20n * day, reverses: 'a'.padStart(64, '0') }),
    // Another model for the same tokens: no price explains the difference.
    line(12, { kind: 'ADJUSTMENT', reason: 'restated', quantity: 0n, amount: -3n }),
    line(13, { tenant: 'other' }),
    // A month later, which was closed meanwhile: another class of usage got its first price; usage arrived late; a bill had been agreed to.
    line(14, { model: 'anew', reason: 'repriced', postedAt: noon + 20n * day }),
    line(16, { model: 'tardy', postedAt: noon + 20n * day }),
    line(15, { model: 'settled', kind: 'ADJUSTMENT', reason: 'reconciled', basis: 'REPORTED', quantity: 0n, unitPrice: undefined, amount: 9n, traceId: '', spanId: '' }),
  ])
  await query.insert(closedMonths, [{ tenant, month: '2026-11', closedAt: noon + 12n * day, actor: 'ada' }])
})
after(async () => {
  await query[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

type Row = Readonly<Record<string, string>>
const fetched = async (path: string): Promise<Response> => {
  const response = await fetch(`${query.server.address.url}/export/${path}`)
  assert.equal(response.status, 200, `${path}: ${response.status === 200 ? '' : await response.text()} ${query.errors.map(String).join()}`)
  return response
}
const file = async (version: FocusVersion, parameters = ''): Promise<readonly Row[]> => parseCsv(await (await fetched(`focus-${version}.csv${parameters}`)).text())
const pico = (text: string | undefined): bigint => parseDecimal(text ?? '') ?? assert.fail(`'${text}' is no decimal`)
const sum = (rows: readonly Row[], column: string): bigint => rows.reduce((total, row) => total + (row[column] === '' ? 0n : pico(row[column])), 0n)

const mandatory: Readonly<Record<FocusVersion, readonly string[]>> = {
  1.2: 'BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName'.split(' '),
  1.4: 'BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost HostProviderName InvoiceIssuerName ListCost ListUnitPrice PricingQuantity PricingUnit ServiceCategory ServiceName ServiceProviderName SkuPriceId'.split(' '),
}
const gone: Readonly<Record<FocusVersion, readonly string[]>> = { 1.2: ['HostProviderName', 'ServiceProviderName'], 1.4: ['ProviderName', 'PublisherName'] }

const isDecimal = (text: string): boolean => /^-?\d{1,26}(\.\d{1,12})?$/.test(text)
const isMidnight = (text: string): boolean => /^\d{4}-\d{2}-\d{2}T00:00:00Z$/.test(text)
const isJsonOfStrings = (text: string): boolean => Object.values(JSON.parse(text) as object).every((value) => typeof value === 'string')
const isUsage = (row: Row): boolean => row['ChargeCategory'] === 'Usage'
const isPriced = (row: Row): boolean => isUsage(row) && row['x_CostStatus'] !== 'Unpriced'

/** The rules of the specification that a file of usage can break, each for every row. */
const rules: readonly (readonly [rule: string, holds: (row: Row) => boolean])[] = [
  ['BilledCost, EffectiveCost, ListCost and ContractedCost are decimals and not null', (row) => ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'].every((name) => isDecimal(row[name] ?? ''))],
  ['BillingAccountId, BillingAccountName, InvoiceIssuerName, ServiceName and ChargeDescription are not null', (row) => ['BillingAccountId', 'BillingAccountName', 'InvoiceIssuerName', 'ServiceName', 'ChargeDescription'].every((name) => row[name] !== '')],
  ['BillingAccountType is not null where BillingAccountId is not', (row) => row['BillingAccountType'] !== ''],
  ['SubAccountType is not null where SubAccountId is not', (row) => row['SubAccountId'] === '' || row['SubAccountType'] !== ''],
  ['BillingCurrency is a currency of ISO 4217', (row) => /^[A-Z]{3}$/.test(row['BillingCurrency'] ?? '')],
  ['periods begin and end at a moment in UTC', (row) => ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'].every((name) => isMidnight(row[name] ?? ''))],
  ['a billing period is one month', (row) => /-01T/.test(row['BillingPeriodStart'] ?? '') && /-01T/.test(row['BillingPeriodEnd'] ?? '') && row['BillingPeriodStart']! < row['BillingPeriodEnd']!],
  ['a charge period is one day', (row) => Date.parse(row['ChargePeriodEnd']!) - Date.parse(row['ChargePeriodStart']!) === 86_400_000],
  ['a charge lies in its billing period unless it corrects an earlier one', (row) => row['ChargeClass'] === 'Correction' || (row['ChargePeriodStart']! >= row['BillingPeriodStart']! && row['ChargePeriodEnd']! <= row['BillingPeriodEnd']!)],
  ['ChargeCategory is one of the list', (row) => ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'].includes(row['ChargeCategory'] ?? '')],
  ['ChargeClass is Correction or null', (row) => ['', 'Correction'].includes(row['ChargeClass'] ?? '')],
  ['ChargeFrequency of usage is Usage-Based', (row) => row['ChargeFrequency'] === 'Usage-Based'],
  ['PricingQuantity and PricingUnit of usage are not null', (row) => !isUsage(row) || (isDecimal(row['PricingQuantity'] ?? '') && /^(\d+ )?[A-Z][A-Za-z ]+s$/.test(row['PricingUnit'] ?? ''))],
  ['ListUnitPrice of priced usage is a decimal, not negative', (row) => !isPriced(row) || (isDecimal(row['ListUnitPrice'] ?? '') && !row['ListUnitPrice']!.startsWith('-'))],
  ['ListCost is ListUnitPrice times PricingQuantity', (row) => row['ListUnitPrice'] === '' || pico(row['ListUnitPrice']) * pico(row['PricingQuantity']) === pico(row['ListCost']) * token],
  ['ContractedCost is ContractedUnitPrice times PricingQuantity', (row) => row['ContractedUnitPrice'] === '' || pico(row['ContractedUnitPrice']) * pico(row['PricingQuantity']) === pico(row['ContractedCost']) * token],
  ['PricingCategory of usage is one of the list', (row) => !isUsage(row) || ['Standard', 'Dynamic', 'Committed', 'Other'].includes(row['PricingCategory'] ?? '')],
  ['ConsumedQuantity and ConsumedUnit belong to usage', (row) => isUsage(row) ? isDecimal(row['ConsumedQuantity'] ?? '') && row['ConsumedUnit'] !== '' : row['ConsumedQuantity'] === '' && row['ConsumedUnit'] === ''],
  ['SkuId, SkuPriceId and SkuMeter of usage are not null', (row) => !isUsage(row) || ['SkuId', 'SkuPriceId', 'SkuMeter'].every((name) => row[name] !== '')],
  ['nothing is said of a price where SkuPriceId is null', (row) => row['SkuPriceId'] !== '' || ['PricingQuantity', 'ListUnitPrice', 'ContractedUnitPrice'].every((name) => row[name] === '')],
  ['ServiceCategory and ServiceSubcategory are of the list', (row) => row['ServiceCategory'] === 'AI and Machine Learning' && row['ServiceSubcategory'] === 'Generative AI'],
  ['Tags is JSON of strings', (row) => isJsonOfStrings(row['Tags'] ?? '')],
  ['keys of our own in SkuPriceDetails begin with x_', (row) => row['SkuPriceDetails'] === '' || (isJsonOfStrings(row['SkuPriceDetails']!) && Object.keys(JSON.parse(row['SkuPriceDetails']!) as object).every((key) => /^x_[A-Z]/.test(key)))],
  ['InvoiceId is null, for we are not who issues the invoice', (row) => row['InvoiceId'] === ''],
  ['no cell begins like a formula', (row) => Object.values(row).every((text) => isDecimal(text) || !/^[=+\-@\t\r\n]/.test(text))],
]

for (const version of focusVersions) {
  test(`FOCUS ${version}: the columns of that version, the specification's before ours`, () => {
    const names = focusColumns(version).map(({ name }) => name)
    assert.deepEqual(mandatory[version].filter((name) => !names.includes(name)), [])
    assert.deepEqual(gone[version].filter((name) => names.includes(name)), [])
    assert.equal(new Set(names).size, names.length)
    assert.ok(names.findIndex((name) => name.startsWith('x_')) > names.findLastIndex((name) => !name.startsWith('x_')))
    for (const name of names) assert.match(name, /^(?:x_)?[A-Z][A-Za-z]{1,47}$/)
  })
  test(`FOCUS ${version}: every row keeps every rule`, async () => {
    const rows = await file(version)
    assert.equal(rows.length, 11)
    for (const [rule, holds] of rules) for (const row of rows) assert.ok(holds(row), `${rule}: ${JSON.stringify(row)}`)
    const skus = new Set(rows.map((row) => `${row['SkuPriceId']} of ${row['SkuId']}`))
    assert.equal(skus.size, new Set(rows.map((row) => row['SkuPriceId'])).size, `a SkuPriceId has one SkuId: ${[...skus].join(', ')}`)
    if (version === '1.4') for (const row of rows) assert.ok(row['ServiceProviderName'] !== '' && row['HostProviderName'] !== '')
    else for (const row of rows) assert.ok(row['ProviderName'] !== '' && row['PublisherName'] !== '')
  })
  test(`FOCUS ${version}: the sum is the ledger's, to the last digit, by every filter`, async () => {
    for (const [parameters, filter] of [['', ''], ['?provider=openai', 'provider: "openai"'], ['?basis=REPORTED', 'basis: REPORTED'], ['?kind=CHARGE&kind=ADJUSTMENT', 'kind: [CHARGE, ADJUSTMENT]']] as const) {
      const rows = await file(version, parameters)
      const { costs: [total] } = await query.ask<{ readonly costs: readonly { readonly cost: string; readonly quantity: string }[] }>(`{ costs(range: {}, filter: {${filter}}) { cost quantity } }`)
      for (const column of ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost']) assert.equal(sum(rows, column), pico(total?.cost), `${column} ${parameters}`)
      assert.equal(sum(rows.filter((row) => row['ConsumedUnit'] === 'Tokens'), 'ConsumedQuantity'), pico(total?.quantity), parameters)
    }
  })
  test(`FOCUS ${version}: the same ledger is the same file`, async () => {
    assert.equal(await (await fetched(`focus-${version}.csv`)).text(), await (await fetched(`focus-${version}.csv`)).text())
  })
  test(`FOCUS ${version}: the Parquet file holds the rows of the CSV, money as decimals and periods as timestamps`, async () => {
    const path = join(dir, `${version}.parquet`)
    await writeFile(path, Buffer.from(await (await fetched(`focus-${version}.parquet`)).arrayBuffer()))
    const columns = focusColumns(version)
    const types = await query.store.read<{ readonly name: string; readonly type: string }>(`DESCRIBE TABLE file('${path}', 'Parquet')`, {}, { maxSeconds: 10 })
    const wanted = { String: /^Nullable\(String\)$/, Decimal: /^Nullable\(Decimal\(38, 12\)\)$/, DateTime: /DateTime64\(3, 'UTC'\)/ }
    assert.deepEqual(types.map(({ name }) => name), columns.map(({ name }) => name))
    for (const { name, type } of columns) assert.match(types.find((found) => found.name === name)?.type ?? '', wanted[type], name)
    const rows = await query.store.read<Readonly<Record<string, string | null>>>(`SELECT * REPLACE (${columns.filter(({ type }) => type === 'DateTime').map(({ name }) => `formatDateTime(${name}, '%Y-%m-%dT%H:%i:%SZ') AS ${name}`).join(', ')}) FROM file('${path}', 'Parquet')`, {}, { maxSeconds: 10 })
    const unguarded = (text: string): string => (/^'[=+\-@]/.test(text) ? text.slice(1) : text)
    assert.deepEqual(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? '']))), (await file(version)).map((row) => Object.fromEntries(Object.entries(row).map(([name, text]) => [name, unguarded(text)]))))
  })
}

const one = (rows: readonly Row[], said: Row): Row => rows.find((row) => Object.entries(said).every(([name, value]) => row[name] === value)) ?? assert.fail(`no row ${JSON.stringify(said)}`)

test('who sells, who made and who runs a model', async () => {
  const before = one(await file('1.2'), { x_ModelId: 'us.anthropic.claude-sonnet-5' })
  assert.deepEqual([before['ProviderName'], before['PublisherName'], before['InvoiceIssuerName'], before['ServiceName']], ['Amazon Web Services', 'Anthropic', 'Amazon Web Services', 'Amazon Bedrock'])
  const now = one(await file('1.4'), { x_ModelId: 'us.anthropic.claude-sonnet-5' })
  assert.deepEqual([now['ServiceProviderName'], now['HostProviderName'], now['x_ModelPublisherName']], ['Amazon Web Services', 'Amazon Web Services', 'Anthropic'])
  assert.deepEqual(JSON.parse(now['SkuPriceDetails']!), { x_ModelId: 'us.anthropic.claude-sonnet-5', x_TokenDirection: 'Input', x_TokenCacheAction: 'Write', x_CacheTtl: '1h', x_Meter: 'input.cache_write.1h' })
  assert.equal((JSON.parse(now['Tags']!) as { readonly agent: string }).agent, hostile)
})
test('a provider that only an imported overlay knows is sold by who it says, once it is the book in use', async () => {
  const seller = async () => one(await file('1.4'), { x_ModelId: 'homegrown-1' })['ServiceProviderName']
  await query.insert(ledgerEntries, [line(20, { tenant, provider: 'house-gateway', model: 'homegrown-1' })])
  assert.equal(await seller(), 'house-gateway')
  const { importPriceOverlay: { version } } = await query.ask<{ importPriceOverlay: { version: string } }>('mutation ($document: String!) { importPriceOverlay(document: $document) { version } }', { document: 'format: 1\nname: house\nsource: test\naliases: { house-gateway: openai }' })
  await query.ask('mutation ($version: ID!) { activatePriceBook(version: $version) { version } }', { version })
  assert.equal(await seller(), 'OpenAI')
})
test('a thousand tokens at $1.25 a million', async () => {
  const row = one(await file('1.4'), { x_ModelId: 'gpt-5', x_Meter: 'input.uncached', ChargeCategory: 'Usage' })
  assert.deepEqual([row['ConsumedQuantity'], row['ConsumedUnit'], row['PricingQuantity'], row['PricingUnit'], row['ListUnitPrice'], row['ListCost'], row['x_LedgerLineCount']], ['2000', 'Tokens', '0.002', '1000000 Tokens', '1.25', '0.0025', '2'])
})
test('a correction of a closed month stands in the month it was posted in, for the day it corrects', async () => {
  const row = one(await file('1.4'), { ChargeClass: 'Correction', x_ModelId: 'late' })
  assert.deepEqual([row['BillingPeriodStart'], row['ChargePeriodStart'], row['BilledCost'], row['ConsumedQuantity']], ['2026-12-01T00:00:00Z', '2026-11-20T00:00:00Z', '-0.00125', '-1000'])
})
test('a charge that repricing made is a correction too, so that it stands beside what it replaces', async () => {
  const row = one(await file('1.4'), { x_ModelId: 'anew' })
  assert.deepEqual([row['ChargeClass'], row['BillingPeriodStart'], row['BilledCost']], ['Correction', '2026-12-01T00:00:00Z', '0.00125'])
})
test('usage that arrived after the close is a correction, and the file of the closed month stays what was reported', async () => {
  const row = one(await file('1.4'), { x_ModelId: 'tardy' })
  assert.deepEqual([row['ChargeClass'], row['BillingPeriodStart'], row['ChargePeriodStart']], ['Correction', '2026-12-01T00:00:00Z', '2026-11-20T00:00:00Z'])
  const models = async (parameters: string) => [...new Set((await file('1.4', parameters)).map(({ x_ModelId, ChargeClass }) => `${x_ModelId} ${ChargeClass}`.trim()))].sort()
  const [november, december] = ['?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z', '?from=2026-12-01T00:00:00Z&to=2027-01-01T00:00:00Z']
  assert.deepEqual(await models(`${november}&model=tardy&model=anew&model=late&model=gpt-5`), ['gpt-5', 'late'])
  assert.deepEqual(await models(december), ['anew Correction', 'late Correction', 'tardy Correction'])
  const [all, reported, later] = await Promise.all(['', november, december].map(async (parameters) => sum(await file('1.2', parameters), 'BilledCost')))
  assert.equal(reported! + later!, all)
})
test('what was settled with a bill is an adjustment of no run', async () => {
  const row = one(await file('1.4'), { x_ModelId: 'settled' })
  assert.deepEqual([row['ChargeCategory'], row['x_CostStatus'], row['BilledCost'], row['x_RunCount']], ['Adjustment', 'Reconciled', '0.000000000009', '0'])
})
test('what is unpriced is there with its tokens, without a price, and says so', async () => {
  const row = one(await file('1.2'), { x_CostStatus: 'Unpriced' })
  assert.deepEqual([row['ConsumedQuantity'], row['ListUnitPrice'], row['BilledCost'], row['x_UnpricedLineCount'], row['ProviderName']], ['1000', '', '0', '1', 'Unknown'])
})
test('claimed costs are one row, at a dollar a dollar', async () => {
  const row = one(await file('1.2'), { x_CostStatus: 'Reported' })
  assert.deepEqual([row['BilledCost'], row['ListUnitPrice'], row['PricingQuantity'], row['PricingUnit'], row['ConsumedQuantity'], row['ConsumedUnit']], ['0.123456789013', '1', '0.123456789013', 'Dollars', '2', 'Requests'])
})
test('an unknown parameter is refused before the first byte', async () => {
  for (const path of ['focus-1.2.csv?agnet=b', 'focus-1.4.parquet?from=yesterday']) {
    const refused = await fetch(`${query.server.address.url}/export/${path}`)
    assert.equal(refused.status, 400, path)
  }
})
