/**
 * Lucide's own types describe its CommonJS build, in which a default import is the module; what Vite loads is the ES build,
 * in which it is the icon. Deep imports only: the package's index is thousands of modules. One line per icon in use.
 */
type LucideIcon = import('solid-js').Component<{ size?: number | string; color?: string; class?: string; 'aria-hidden'?: 'true' }>

declare module 'lucide-solid/icons/activity' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/arrow-left-right' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/ban' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/bell' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/book-open' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/bot' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/brain' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/chart-line' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/check' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/chevron-down' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/chevron-right' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/circle' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/circle-check' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/circle-question-mark' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/coins' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/copy' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/database' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/eye-off' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/gauge' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/hand' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/layers' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/list-checks' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/loader' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/minus' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/inbox' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/monitor' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/moon' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/octagon-x' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/panel-left' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/pause' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/piggy-bank' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/play' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/plus' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/receipt' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/send' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/shield' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/shield-check' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/sparkles' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/sun' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/triangle-alert' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/workflow' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/wrench' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/x' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/history' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/scale' { const icon: LucideIcon; export default icon }
declare module 'lucide-solid/icons/square-terminal' { const icon: LucideIcon; export default icon }
