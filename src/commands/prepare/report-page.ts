import type { PrepareReport } from '../../data/prepare/report.js';
export function reportPage(report: PrepareReport): string { return JSON.stringify(report); }
