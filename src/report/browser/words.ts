/** @file The languages of the pages, and their texts. */
import { EN, type Words } from './words/en.js';
import { KO } from './words/ko.js';

export type { Words } from './words/en.js';

export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

export const WORDS: Readonly<Record<Language, Words>> = { en: EN, ko: KO };
