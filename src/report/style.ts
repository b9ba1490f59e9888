/** The look of report.html: system type, tabular figures, light and dark, steps of 4 px. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fbfbfa;--panel:#f1f1ee;--ink:#1d2026;--muted:#5d6470;--rule:#d6d7d2;
--accent:#1f5fbf;--warn:#b3450b;--positive:#1f5fbf;--negative:#93307a;--on-shade:#fff;
--s0:#1f5fbf;--s1:#b3450b;--s2:#2d7d46;--s3:#93307a;--s4:#7a6200;--s5:#0f7a86}
@media (prefers-color-scheme:dark){:root{--ground:#16181c;--panel:#1f2228;--ink:#e7e8ea;--muted:#9aa1ad;--rule:#383d46;
--accent:#79aaf5;--warn:#ff9b5e;--positive:#79aaf5;--negative:#e28ac9;--on-shade:#101216;
--s0:#79aaf5;--s1:#ff9b5e;--s2:#79c996;--s3:#e28ac9;--s4:#d8bd55;--s5:#5fc6d2}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/20px system-ui,-apple-system,"Segoe UI",sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1280px;margin:0 auto;padding:24px}
h1{font-size:24px;line-height:32px;margin:0;font-weight:650}
h2{font-size:16px;line-height:24px;margin:40px 0 12px;font-weight:650}
h3{font-size:14px;line-height:20px;margin:0 0 8px;font-weight:600}
p{margin:0 0 12px;max-width:80ch}
.lead{color:var(--muted)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin:20px 0}
.fact{background:var(--panel);border-radius:8px;padding:12px 16px}
.fact b{display:block;font-size:20px;line-height:28px;font-weight:600}
.fact span,.unit{color:var(--muted);font-weight:400}
.good{border-left:4px solid var(--accent)}.bad{border-left:4px solid var(--warn)}
.note{padding:8px 16px;background:var(--panel);border-radius:4px;max-width:none}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr));gap:16px 24px}
figure{margin:0;min-width:0}
figcaption{margin-bottom:4px}
.key{margin-right:12px;white-space:nowrap}
.key i{display:inline-block;width:12px;height:4px;border-radius:2px;margin-right:4px;vertical-align:middle}
.key i:not([class],[style]){background:var(--ink)}.key .estimate{background:var(--accent)}
.key .hollow,.key .filled{width:10px;height:10px;border-radius:50%;vertical-align:-1px}
.key .hollow{border:2px solid var(--ink)}.key .filled{background:var(--accent)}.key .off{background:var(--warn)}
svg.chart{display:block;width:100%;height:auto;color:var(--ink);font:12px system-ui,-apple-system,"Segoe UI",sans-serif;
font-variant-numeric:tabular-nums;overflow:visible}
.chart text{white-space:pre}
.chart [aria-label$="grid"]{color:var(--muted)}
.scroll{overflow-x:auto}
.shade{display:flex;flex-wrap:wrap;align-items:center;gap:0;margin:8px 0 12px;color:var(--muted);font-size:12px}
.shade i{width:20px;height:12px}.shade span{padding:0 8px}.shade span:first-child{padding-left:0}
.pair{display:flex;flex-wrap:wrap;gap:24px 40px;align-items:flex-start}
.pair>*{flex:1 1 360px;min-width:0;max-width:560px}
table{border-collapse:collapse;margin:0}
th,td{padding:4px 16px 4px 0;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{font-weight:600;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
td.text{text-align:left;white-space:normal;max-width:72ch}
summary{cursor:pointer;margin-bottom:8px}
footer{margin-top:40px;padding-top:12px;border-top:1px solid var(--rule);color:var(--muted);font-size:12px}
@media (max-width:600px){main{padding:16px}h1{font-size:20px;line-height:28px}th,td{padding-right:12px}}
`
