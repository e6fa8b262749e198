import { render } from 'preact';

render(<p>Sandbox</p>, document.body);
