import type { Fields } from '../../../fields.js';
import { textOf } from '../../../fields.js';
import { Icon } from '../shell/icon.js';

const PICTURE = /^(png|jpe?g|gif|webp|svg)$/i;

/** An uploaded file: a picture as itself, anything else as a card that opens it. */
export function FileCard({ file }: { file: Fields }) {
  const id = textOf(file.id) ?? '';
  const name = textOf(file.name) ?? id;
  const title = textOf(file.title) || name;
  const address = `/view-file/${encodeURIComponent(id)}`;
  const size = sizeText(Number(file.size ?? 0));
  if (PICTURE.test(name.split('.').at(-1) ?? '')) {
    return (
      <a class="picture-card" href={address} target="_blank" rel="noreferrer">
        <span class="picture-title">
          {title} <small>{size}</small>
        </span>
        <img src={address} alt={textOf(file.alt_txt) || title} loading="lazy" />
      </a>
    );
  }
  const preview = textOf(file.preview);
  return (
    <a class="file-card" href={address} target="_blank" rel="noreferrer">
      <span class="file-head">
        <span class="file-icon">
          <Icon name="file" />
        </span>
        <span>
          <b>{title}</b>
          <small>
            {name === title ? '' : `${name} · `}
            {size}
          </small>
        </span>
      </span>
      {preview && <span class="file-preview">{preview}</span>}
    </a>
  );
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
