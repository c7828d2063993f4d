// A table as a file. RFC 4180; a byte order mark, for spreadsheet programs take it as UTF-8 only then.

const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvOf = (heads: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `${[heads, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;

export function download(name: string, content: string | Blob, type = "text/csv"): void {
  const blob = typeof content === "string" ? new Blob(["\ufeff", content], { type: `${type};charset=utf-8` }) : content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
