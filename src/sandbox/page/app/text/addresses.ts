const SAFE = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/** The address if a link may lead there (web, mail, telephone); undefined for anything that could run or read. */
export function safeHref(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  return SAFE.has(new URL(address).protocol) ? address : undefined;
}

/**
 * The address of a picture if this sandbox serves it. Pictures from elsewhere are never asked for: a page under
 * development tells nobody who looks at it.
 */
export function ownPicture(address: string): string | undefined {
  if (/^\/(?!\/)/.test(address) || /^data:image\/(png|gif|jpeg|webp);/.test(address)) return address;
  const here = globalThis.location?.origin;
  if (!URL.canParse(address) || here === undefined || new URL(address).origin !== here) return undefined;
  return address;
}

/** Where the sandbox shows a file of the workspace; by its id, or by an address that has the id in it. */
export function filePicture(file: { id?: string; url?: string }): string | undefined {
  const id = file.id ?? /\b(F[A-Z0-9]{6,})\b/.exec(file.url ?? '')?.[1];
  return id === undefined ? undefined : `/view-file/${encodeURIComponent(id)}`;
}
