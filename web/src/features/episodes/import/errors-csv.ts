import type { ImportError } from '@/api/types';

/** Quoted where it must be, and never something a spreadsheet would run as a formula. */
function cell(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function errorsAsCsv(errors: readonly ImportError[]): string {
  const rows = errors.map(({ row, field, code, message }) => [row, field, code, message].map(cell).join(','));
  return ['row,field,code,message', ...rows, ''].join('\r\n');
}

export function download(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
