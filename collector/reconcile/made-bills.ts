/** For tests: bills in the formats that providers' documentation shows, with the figures that a test wants. */

export const openaiUsage = (day: string, results: readonly object[]): string => JSON.stringify({
  object: 'page', has_more: false, next_page: null,
  data: [{ object: 'bucket', start_time: Date.parse(day) / 1_000, end_time: Date.parse(day) / 1_000 + 86_400, results: results.map((result) => ({ object: 'organization.usage.completions.result', project_id: 'proj_1', num_model_requests: 5, batch: false, service_tier: 'default', ...result })) }],
})
/** `value` is written as it stands: a float has more digits than JSON.stringify would keep. */
export const openaiCosts = (day: string, items: readonly (readonly [item: string | null, value: string, currency?: string])[]): string =>
  `{"object":"page","data":[{"object":"bucket","start_time":${Date.parse(day) / 1_000},"end_time":${Date.parse(day) / 1_000 + 86_400},"results":[${items.map(([item, value, currency = 'usd']) =>
    `{"object":"organization.costs.result","amount":{"value":${value},"currency":"${currency}"},"line_item":${JSON.stringify(item)},"project_id":"proj_1"}`).join()}]}],"has_more":false}`

export const anthropicUsage = (day: string, results: readonly object[]): string => JSON.stringify({
  data: [{ starting_at: `${day}T00:00:00Z`, ending_at: `${day}T24:00:00Z`, results: results.map((result) => ({ workspace_id: null, api_key_id: null, service_tier: 'standard', context_window: '0-200k', ...result })) }], has_more: false, next_page: null,
})
export const anthropicCosts = (day: string, results: readonly object[]): string => JSON.stringify({
  data: [{ starting_at: `${day}T00:00:00Z`, ending_at: `${day}T24:00:00Z`, results: results.map((result) => ({ currency: 'USD', cost_type: 'tokens', workspace_id: null, description: 'Claude usage', ...result })) }], has_more: false, next_page: null,
})

export const costExplorer = (day: string, groups: readonly (readonly [key: string, amount: string, unit?: string])[]): string => JSON.stringify({
  ResultsByTime: [{ TimePeriod: { Start: day, End: day }, Estimated: true, Total: {}, Groups: groups.map(([key, amount, unit = 'USD']) => ({ Keys: [key], Metrics: { UnblendedCost: { Amount: amount, Unit: unit } } })) }],
})

export const csv = (head: string, ...lines: readonly string[]): string => `${[head, ...lines].join('\r\n')}\r\n`
export const awsHead = 'identity_line_item_id,line_item_usage_start_date,line_item_usage_account_id,line_item_product_code,line_item_line_item_type,line_item_usage_type,line_item_usage_amount,line_item_unblended_cost,line_item_currency_code,pricing_unit,line_item_resource_id'
export const gcpHead = 'billing_account_id,service.description,sku.description,usage_start_time,project.id,cost,currency,usage.amount,usage.unit,credits,invoice.month'
export const focusHead = 'BilledCost,BillingCurrency,ChargeCategory,ChargeClass,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,ServiceProviderName,ServiceCategory,SubAccountId,SkuMeter,SkuPriceDetails'
