import { createSignal } from 'solid-js'

const [said, setSaid] = createSignal('')
export const sayCopied = setSaid
/** What became of the last copy, for readers of screens: one place for all buttons. It stands on every page, without what the buttons need. */
export const CopyStatus = () => <p class="visually-hidden" role="status">{said()}</p>
