import { type Fields, isFields, textOf } from '../../../fields.js';
import { filePicture, ownPicture } from '../text/addresses.js';
import { Icon } from '../text/icon.js';

/** The address of a picture that may be shown: a file of the workspace, or what the sandbox serves itself. */
function addressOf(image: Fields): string | undefined {
  if (isFields(image.slack_file)) {
    const { id, url } = image.slack_file;
    return filePicture({ id: textOf(id), url: textOf(url) });
  }
  return ownPicture(textOf(image.image_url) ?? '');
}

/** A picture; of one that stands elsewhere its description and address, since nothing is fetched from outside. */
export function Picture({ image, size }: { image: Fields; size: 'small' | 'thumb' | 'large' }) {
  const alt = textOf(image.alt_text) ?? '';
  const address = addressOf(image);
  if (address !== undefined) return <img class={`picture ${size}`} src={address} alt={alt} loading="lazy" />;
  const outside = textOf(image.image_url) ?? '';
  const words = alt || 'Picture';
  return (
    <span
      class={`picture missing ${size}`}
      role="img"
      aria-label={words}
      title={`${words} ${outside}`.trim()}
    >
      <Icon name="picture" />
      {size !== 'small' && <span class="picture-words">{words}</span>}
      {size === 'large' && <span class="picture-address">{hostOf(outside)}</span>}
    </span>
  );
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : '';
}
