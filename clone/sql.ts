/** A text as SQL reads it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
