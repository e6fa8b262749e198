const KEY = 'sandbox.me';

/** Whether this page is one of several columns, which has a person of its own. */
export function isColumn(query: URLSearchParams): boolean {
  return query.has('column');
}

/** Who one is in this tab: `?as=bo`, else who one was before. */
export function whoAmI(query: URLSearchParams): string {
  const asked = query.get('as');
  if (isColumn(query)) return asked ?? '';
  if (asked) sessionStorage.setItem(KEY, asked);
  return asked ?? sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? 'ana';
}

/** Becomes somebody else: the page starts again, and what only the one before saw is gone. */
export function changePerson(name: string, query: URLSearchParams): void {
  const address = new URL(location.href);
  if (isColumn(query)) address.searchParams.set('as', name);
  else {
    address.searchParams.delete('as');
    sessionStorage.setItem(KEY, name);
    localStorage.setItem(KEY, name);
  }
  location.assign(address);
}
