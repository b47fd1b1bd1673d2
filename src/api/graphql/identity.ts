import type { Actor } from '../../db/context.ts'
import { ApiKey, User } from '../../identity/schema.ts'
import { listKeys, listUsers } from '../../identity/service.ts'
import { OrganisationType } from './partners.ts'
import { builder, load, output, page } from './builder.ts'
import { organisationLoader } from './loaders.ts'
import { query } from './resolve.ts'

const Me = builder
  .objectRef<Actor>('Me')
  .implement({
    description: 'Who asks: a user or an API key, and for which organisation.',
    fields: t => ({
      name: t.exposeString('name'),
      role: t.exposeString('role'),
      scopes: t.stringList({ resolve: actor => [...actor.scopes] }),
      organisationId: t.exposeID('organisationId'),
      userId: t.id({ nullable: true, resolve: actor => actor.userId }),
      apiKeyId: t.id({ nullable: true, resolve: actor => actor.apiKeyId }),
      organisation: t.field({
        type: OrganisationType,
        nullable: true,
        resolve: (actor, _args, context) => load(context, organisationLoader, actor.organisationId),
      }),
    }),
  })

const UserPage = page('User', output(User))
const ApiKeyPage = page('ApiKey', output(ApiKey))

builder.queryFields(t => ({
  me: t.field({ type: Me, description: 'Who you are here.', resolve: (_parent, _args, { service }) => service.actor }),
  users: t.field({
    type: UserPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    description: 'Members of your organisation.',
    resolve: query('users.manage', listUsers),
  }),
  apiKeys: t.field({
    type: ApiKeyPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    description: 'API keys of your organisation, without their secrets.',
    resolve: query('keys.manage', listKeys),
  }),
}))
