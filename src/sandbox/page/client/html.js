// Everything shown comes from people or from the app: it is escaped here, once, by building text nodes.

/** An element with properties, attributes and children. Strings become text, never markup. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'class') node.className = value;
    else if (key === 'style') Object.assign(node.style, value);
    else if (key in node && key !== 'list' && key !== 'form') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(
    ...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return node;
}

/** Links open elsewhere, and only where a link may lead. */
export function link(url, label) {
  const safe = /^(https?:|mailto:|\/)/i.test(url);
  return safe
    ? el('a', { href: url, target: '_blank', rel: 'noreferrer noopener' }, label)
    : el('span', {}, label);
}
