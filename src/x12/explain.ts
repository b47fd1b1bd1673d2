/** Findings in the reader's language. */
import { en } from './messages/en.ts'
import { sentence, type Language } from './messages/language.ts'
import { ru } from './messages/ru.ts'
import { th } from './messages/th.ts'
import { zh } from './messages/zh.ts'
import type { Finding } from './types.ts'

/** Languages that findings are explained in, as BCP 47 names them; `zh` is Simplified Chinese. */
export const messageLanguages = ['en', 'th', 'zh', 'ru'] as const
export type MessageLanguage = (typeof messageLanguages)[number]

/** What is said, and called, in each language. */
export const languages: Readonly<Record<MessageLanguage, Language>> = { en, th, zh, ru }

/**
 * A finding as one sentence that a clerk understands: what is wrong, where, and what to do. Works on findings that were stored and read back;
 * one of a kind that is no longer known keeps the sentence it had. Segments and elements are
 * named in the language too, those that a supply chain seldom meets in English.
 */
export function explain(finding: Finding, language: MessageLanguage): string {
  return sentence(languages[language], finding) ?? finding.message
}
