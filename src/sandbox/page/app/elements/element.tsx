import { Button, FeedbackButtons, IconButton, WorkflowButton } from './buttons.js';
import { FileInput } from './files.js';
import type { ElementProps } from './form.js';
import { Overflow } from './overflow.js';
import { RichTextInput } from './rich-input.js';
import { Select } from './select.js';
import { Ticks } from './ticks.js';
import { TimeInput } from './times.js';
import { TypedInput } from './typed.js';

/** One interactive element of a block. */
export function Element(props: ElementProps) {
  const { element } = props;
  switch (element.type) {
    case 'button':
      return <Button {...props} />;
    case 'workflow_button':
      return <WorkflowButton {...props} />;
    case 'icon_button':
      return <IconButton {...props} />;
    case 'feedback_buttons':
      return <FeedbackButtons {...props} />;
    case 'overflow':
      return <Overflow {...props} />;
    case 'checkboxes':
    case 'radio_buttons':
      return <Ticks {...props} />;
    case 'datepicker':
    case 'timepicker':
    case 'datetimepicker':
      return <TimeInput {...props} />;
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return <TypedInput {...props} />;
    case 'rich_text_input':
      return <RichTextInput {...props} />;
    case 'file_input':
      return <FileInput {...props} />;
    default:
      return /^(multi_)?(static|external|users|conversations|channels)_select$/.test(String(element.type)) ? (
        <Select {...props} />
      ) : (
        <span class="unknown">{`This element cannot be shown: ${String(element.type)}`}</span>
      );
  }
}

/** Elements that are several inputs: their label cannot point at one of them. */
export function isGroup(type: unknown): boolean {
  return type === 'checkboxes' || type === 'radio_buttons';
}
