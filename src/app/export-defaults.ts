/** The default options of an export. */
export const EXPORT_DEFAULTS = { format: 'transformers', backend: 'auto', device: 'auto' } as const;
