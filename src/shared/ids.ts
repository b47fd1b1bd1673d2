import { uuidv7obj } from 'uuidv7'

/** Prefix of each kind of id. The rest is a UUIDv7 in hex, so ids sort by the time they were made. */
export type IdPrefix =
  | 'org' | 'oid' | 'usr' | 'mem' | 'ses' | 'key' | 'aud'
  | 'prt' | 'loc' | 'itm' | 'pit' | 'prc'
  | 'ord' | 'rsp' | 'chg' | 'cha' | 'shp' | 'pkg' | 'rct' | 'inv' | 'fct'
  | 'gde' | 'msg' | 'grp' | 'dlv' | 'evt' | 'exc' | 'dan' | 'pol'

export type Id<P extends IdPrefix> = `${P}_${string}`

/** A new sortable id, e.g. `ord_0199c0de…` (prefix, underscore, 32 hex digits). */
export const newId = <P extends IdPrefix>(prefix: P): Id<P> => `${prefix}_${uuidv7obj().toHex()}`
