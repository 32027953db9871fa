/** The report's style sheet: light, dark and print from the same custom properties the charts use. */
export const reportStyle = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--muted:#5a6572;--grid:#e3e7eb;--panel:#f5f7f9;--accent:#0059a6;--bad:#a63a00;--good:#00704f;--predicted:#8f3a69;--published:#7a4b00}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8ecf1;--muted:#a3afbc;--grid:#2c343d;--panel:#1c2229;--accent:#6cb8ff;--bad:#ff9a66;--good:#4fd3a8;--predicted:#eba4ca;--published:#f2bd55;--data-1:#4aa3df;--data-3:#1fbf8f;--data-4:#d98bb5;--data-5:#7cc5f0;--data-6:#f0793a;--data-7:#f0e442;--data-8:#98a1aa}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:66rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI","Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-bottom:.25rem;border-bottom:1px solid var(--grid)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.muted{color:var(--muted);margin:.2rem 0}
.banner{background:var(--panel);border-left:4px solid #e69f00;padding:.6rem .8rem;margin:1rem 0 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{font-weight:600;color:var(--muted);font-size:.84rem}
td.n,th.n{text-align:right;white-space:nowrap}
.wrap{overflow-wrap:anywhere}
.badge{display:inline-block;padding:0 .5em;border-radius:1em;font-size:.8rem;border:1.5px solid currentColor}
.badge.measured{color:var(--accent)}
.badge.emulated{color:var(--good);border-style:dashed}
.badge.predicted{color:var(--predicted);border-style:dotted}
.badge.published{color:var(--published);border-style:double}
.rules{list-style:none;padding:0;margin:0}
.rules .kept span{color:var(--good)}
.rules .broken span{color:var(--bad)}
figure{margin:1rem 0}
.chart{max-width:100%;height:auto}
dt{font-weight:600;margin-top:.8rem}
dd{margin:.1rem 0 0}
pre{overflow:auto;max-height:24rem;background:var(--panel);padding:.8rem;font-size:.8rem}
summary{cursor:pointer;min-height:24px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@page{size:A4;margin:15mm 14mm}
@media print{body{max-width:none;padding:0;font-size:11px}details{display:none}h2{margin-top:1.4rem}h2,h3{break-after:avoid}tr,figure,li{break-inside:avoid}.scroll{overflow:visible}a{color:inherit}}
`.trim();
