/**
 * Every refusal a caller can meet: its code, its HTTP status and a sentence for people. REST (problem+json),
 * GraphQL (`extensions.code`) and the CLI all speak from this one table.
 */
export const errorTable = {
  'request/invalid': [400, 'The request does not have the expected form.'],
  'request/precondition-failed': [412, 'The record has changed since you read it. Read it again and repeat your change.'],
  'request/precondition-required': [428, 'Send If-Match with the ETag you read, so that nobody overwrites another.'],
  'request/idempotency-conflict': [409, 'This Idempotency-Key was used with a different request.'],
  'request/unsupported-media-type': [415, 'This content type is not accepted here.'],
  'request/too-large': [413, 'The body is over the configured limit.'],
  'request/rate-limited': [429, 'Too many requests. Wait and try again.'],
  'request/not-found': [404, 'There is nothing at this address.'],
  'request/method-not-allowed': [405, 'This address does not take this method.'],
  'request/not-acceptable': [406, 'Answers are application/json; accept that.'],
  'request/idempotency-in-progress': [409, 'A request with this Idempotency-Key is being worked on. Ask again shortly.'],
  'request/csrf': [403, 'Send the session\'s CSRF token in the x-csrf-token header, from a page of this hub.'],
  'request/query-invalid': [400, 'The GraphQL document is not valid here.'],
  'request/query-too-complex': [400, 'The GraphQL document is too deep, has too many aliases or costs too much.'],
  'identity/unauthenticated': [401, 'Sign in or send an API key.'],
  'identity/wrong-credentials': [401, 'The e-mail address or password is wrong.'],
  'identity/locked': [429, 'Too many failed attempts. Try again later.'],
  'identity/forbidden': [403, 'Your role or key does not allow this.'],
  'identity/weak-password': [422, 'The password is too short or too long.'],
  'identity/last-administrator': [409, 'An organisation keeps at least one administrator.'],
  'record/not-found': [404, 'There is no such record, or it is not yours to see.'],
  'record/conflict': [409, 'A record with this key exists already.'],
  'partners/unknown-location': [422, 'The location is not known in this partnership.'],
  'partners/not-a-partner': [422, 'There is no active partnership with this organisation.'],
  'partners/not-a-document': [422, 'This side of a partnership does not receive that document.'],
  'partners/no-identity': [422, 'The partnership lacks the ISA and GS identifiers that X12 is signed with; ask the operator of the hub.'],
  'guides/invalid': [422, 'The guide cannot be used.'],
  'guides/unknown-guide': [422, 'The hub ships no guide of that name.'],
  'guides/not-a-draft': [409, 'Only a draft can be changed or thrown away. Make a new one.'],
  'guides/not-in-force': [409, 'This guide is not in force.'],
  'items/unknown-item': [422, 'The item is not known in this partnership.'],
  'orders/invalid-transition': [409, 'The line cannot go from its present state to the one asked for.'],
  'orders/quantity-exceeded': [422, 'The quantity is more than the line allows.'],
  'orders/below-shipped': [422, 'The quantity is below what has been shipped.'],
  'orders/unknown-line': [422, 'The order has no such line.'],
  'orders/nothing-answered': [422, 'The answer says nothing: list lines, or accept the rest.'],
  'orders/nothing-changed': [422, 'The change says nothing: list lines, dates or notes, or cancel.'],
  'orders/already-cancelled': [409, 'The order has been cancelled.'],
  'orders/line-closed': [409, 'The line is cancelled or rejected; it takes no change.'],
  'orders/line-number-taken': [409, 'The order has a line of this number already.'],
  'orders/change-not-pending': [409, 'The change does not wait for an answer.'],
  'orders/change-waiting': [409, 'An earlier change is waited for.'],
  'orders/not-held': [409, 'The change does not wait for another.'],
  'shipments/line-closed': [409, 'The line is cancelled or rejected; nothing can be shipped on it.'],
  'shipments/mixed-partnerships': [422, 'The orders of one shipment belong to one buyer and one seller.'],
  'shipments/nothing-to-ship': [422, 'Nothing is open on the lines to ship.'],
  'shipments/cancelled': [409, 'The shipment was taken back; it cannot be changed.'],
  'shipments/in-use': [409, 'The shipment has been received or invoiced; it cannot be taken back.'],
  'shipments/no-labels': [409, 'No package of the shipment that is asked for has an SSCC to label it with.'],
  'shipments/no-gs1-prefix': [422, 'The seller has no GS1 company prefix to make SSCCs from.'],
  'shipments/over-open-quantity': [422, 'The shipment is above the open quantity plus tolerance.'],
  'shipments/invalid-sscc': [422, 'The SSCC of a package is not one: 18 digits, the last a check digit.'],
  'shipments/sscc-reused': [409, 'An SSCC is on one package only, and on no other within twelve months.'],
  'shipments/invalid-packing': [422, 'The packages do not add up to the lines shipped.'],
  'receipts/shipment-cancelled': [409, 'The ship notice was taken back; nothing of it can be received.'],
  'receipts/invalid-sscc': [422, 'This is no SSCC: 18 digits, the last of them a check digit.'],
  'receipts/sscc-received-before': [409, 'The carton is on another receipt already.'],
  'receipts/condition-exceeds-quantity': [422, 'More is damaged or of bad quality than has arrived.'],
  'receipts/nothing-to-receive': [422, 'Nothing that was shipped is left to receive.'],
  'receipts/answer-not-possible': [409, 'The difference does not wait for this answer of yours.'],
  'receipts/cancelled': [409, 'The receipt was taken back.'],
  'invoices/no-price': [422, 'The line has no price to invoice at.'],
  'invoices/nothing-to-invoice': [422, 'Nothing that was shipped is left to invoice.'],
  'invoices/over-shipped-quantity': [422, 'The invoice is above what was shipped and not invoiced yet.'],
  'invoices/total-mismatch': [422, 'The invoice total is not the sum of its lines, charges and taxes.'],
  'forecasts/invalid-buckets': [422, 'The forecast buckets overlap or do not fit the calendar.'],
  'documents/field-unwritable': [422, 'A field does not fit the element it has to be written to.'],
  'exceptions/invalid-transition': [409, 'The exception cannot go from its present state to the one asked for.'],
  'exchange/empty': [400, 'The body is empty. Send one or more X12 interchanges, from ISA to IEA.'],
  'exchange/not-x12': [422, 'The body does not begin with an ISA segment.'],
  'exchange/truncated': [400, 'The body ended before its announced length. Nothing was stored; send it again.'],
  'exchange/bad-compression': [400, 'The compressed body cannot be read.'],
  'exchange/nothing-to-replay': [409, 'This message has nothing to process again.'],
  'jobs/not-dead': [409, 'Only dead jobs can be retried.'],
  'hub/internal': [500, 'Something went wrong in the hub. Tell its operator the request id.'],
  'hub/unavailable': [503, 'The hub is starting, stopping or cannot reach its database.'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ErrorCode = keyof typeof errorTable

/** A refusal that the caller can understand and act on. Anything else that is thrown is a bug. */
export class DomainError extends Error {
  readonly code: ErrorCode
  readonly status: number
  /** Facts about this case, safe to show to the caller: which line, which limit, which value. */
  readonly params: Readonly<Record<string, unknown>>
  constructor(code: ErrorCode, params: Readonly<Record<string, unknown>> & { detail?: string } = {}) {
    super(params.detail ?? errorTable[code][1])
    this.name = 'DomainError'
    this.code = code
    this.status = errorTable[code][0]
    this.params = params
  }
}

/** The configuration is wrong. The message is one sentence that names the variable. */
export class ConfigError extends Error {
  readonly variable: string
  constructor(variable: string, sentence: string) {
    super(sentence)
    this.name = 'ConfigError'
    this.variable = variable
  }
}
