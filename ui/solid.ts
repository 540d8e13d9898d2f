/** The one door to Solid's sub-packages: Solid 2 renames them, and then this file changes and no other. */
export { Dynamic, Portal, render } from 'solid-js/web'
export { createStore, reconcile, unwrap } from 'solid-js/store'
