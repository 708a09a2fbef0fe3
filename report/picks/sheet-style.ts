/** The contact sheet's style. Every text on its ground has 4.5:1 or more; states are told by words and by line, not by colour alone. */
export const SHEET_STYLE = `
:root{color-scheme:light dark;--bg:#fbfaf8;--panel:#fff;--ink:#1c1a17;--soft:#5f5a52;--line:#d9d4cb;--good:#1d7347;--wait:#855300;--bad:#b3261e;--focus:#1a5a9e}
@media (prefers-color-scheme:dark){:root{--bg:#161513;--panel:#1e1c1a;--ink:#eeebe5;--soft:#aba59a;--line:#3d3933;--good:#6cc796;--wait:#e5ad55;--bad:#ff8f85;--focus:#8cbdf0}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
header,main{max-width:1180px;margin:0 auto;padding:16px 24px}
header{position:sticky;top:0;background:var(--bg);border-bottom:1px solid var(--line);z-index:2}
h1{font-size:24px;line-height:1.2;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0;overflow-wrap:anywhere}
p{margin:0}
.soft,.why{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.tools{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center}
.tools progress{width:160px;height:10px}
#\\:count{font-weight:650}
button{font:inherit;color:inherit;cursor:pointer;background:var(--panel);border:1px solid var(--soft);border-radius:6px;padding:4px 10px;min-height:28px}
button[aria-pressed=true]{border-color:var(--good);box-shadow:inset 0 0 0 2px var(--good);font-weight:650}
button.maybe{border-style:dashed;border-width:2px;border-color:var(--wait)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.video{border-top:1px solid var(--line);padding:18px 5px;scroll-margin-top:150px}
.video>.head{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline}
.status{font-size:13px;font-weight:600;color:var(--soft)}
.video[data-state=decided] .status{color:var(--good)}
.video[data-state=suggested] .status{color:var(--wait)}
.video[data-conflict=yes] .status{color:var(--bad)}
.acts{margin-top:12px}
.people{display:flex;flex-wrap:wrap;gap:14px;margin-top:12px}
.person{display:grid;grid-template-columns:auto 1fr;gap:4px 12px;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:12px;width:min(100%,520px);scroll-margin-top:150px;align-content:start}
.person[data-state=decided]{border-left:5px solid var(--good)}
.person[data-state=suggested]{border-left:5px dashed var(--wait)}
.person>img,.person>.none{grid-row:1/4;width:112px;height:112px;object-fit:cover;border-radius:8px;background:var(--line)}
.none{display:grid;place-items:center;text-align:center;font-size:13px;padding:6px}
.person .who{font-weight:650}
.faces{display:flex;flex-wrap:wrap;gap:6px;align-content:start}
.faces button{display:flex;align-items:center;gap:6px;padding:3px 9px 3px 4px}
.faces button.word{padding-left:9px}
.thumb{width:30px;height:30px;border-radius:5px;background:var(--line) center/cover;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.badge{font-size:12px;color:var(--soft)}
.badge.ended,.badge.missing{color:var(--bad)}.badge.expires{color:var(--wait)}
dialog{max-width:520px;border:1px solid var(--line);border-radius:12px;background:var(--panel);color:var(--ink);padding:20px 24px}
dialog dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;margin:12px 0}
dialog dt{font-weight:650}dialog dd{margin:0}
kbd{font:13px ui-monospace,Menlo,Consolas,monospace;border:1px solid var(--line);border-radius:4px;padding:0 5px}
#\\:copybox{margin-top:8px}
textarea{width:100%;height:110px;font:12px/1.4 ui-monospace,Menlo,Consolas,monospace;color:inherit;background:var(--panel)}
.video{content-visibility:auto;contain-intrinsic-size:auto 220px}
[hidden]{display:none!important}
@media print{header{position:static}.tools,.acts,#\\:copybox,.faces button:not([aria-pressed=true]):not(.maybe){display:none!important}body{background:#fff;color:#000}.video{content-visibility:visible;break-inside:avoid}}
`.trim();

/** For readers without scripts: what only scripts can do is not shown; the picks file beside the page does the same. */
export const SHEET_NOSCRIPT = '.tools,.acts{display:none}';
