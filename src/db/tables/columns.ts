import { customType, date, timestamp } from 'drizzle-orm/pg-core'

/** A business date, 'YYYY-MM-DD'. */
export const day = <N extends string>(name: N) => date(name, { mode: 'string' })

/** A UTC instant. */
export const instant = <N extends string>(name: N) => timestamp(name, { withTimezone: true, mode: 'date' })

/** Bytes as they are: hashes, archived messages. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
