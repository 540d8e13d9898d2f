/** The one door to Solid's sub-packages: Solid 2 renames them, and then this file changes and no other. */
export { Dynamic, render } from 'solid-js/web'
