/** The page's one style sheet. Colours are pairs for light and dark; every text on its ground has 4.5:1 or more. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fbfaf8;--panel:#fff;--ink:#1c1a17;--soft:#615c54;--line:#e3dfd7;--hover:#f4f1ec;--code:#f0ece5;
--good:#1d7347;--bad:#b3261e;--wait:#855300;--unsure:#6a3c9f;--open:#1a5a9e;--quiet:#686259;--link:#1a5a9e;--focus:#1a5a9e;
--analysis:#c58b2a;--processing:#3b78b5;--download:#3f9168;--waitbar:#b9b2a6}
@media (prefers-color-scheme:dark){:root{--bg:#161513;--panel:#1e1c1a;--ink:#eeebe5;--soft:#aba59a;--line:#35322d;--hover:#262421;--code:#2a2724;
--good:#6cc796;--bad:#ff8f85;--wait:#e5ad55;--unsure:#c3a2ee;--open:#8cbdf0;--quiet:#a9a297;--link:#8cbdf0;--focus:#8cbdf0;
--analysis:#d9a648;--processing:#6ea6dd;--download:#62b58b;--waitbar:#5a554d}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:40px 28px 64px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:16px;top:12px;background:var(--panel);padding:8px 12px;z-index:3}
a{color:var(--link);text-underline-offset:2px;text-decoration-thickness:1px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
h1,h2,h3,p,ul,ol,dl,figure{margin:0}
ul,ol{padding:0;list-style:none}
h1{font-size:34px;line-height:1.15;letter-spacing:-.02em;font-weight:680;overflow-wrap:anywhere}
h2{font-size:20px;letter-spacing:-.01em;font-weight:650;margin-bottom:14px}
h3{font-size:15px;font-weight:650}
section,footer{margin-top:52px}
small{display:block;font-size:13px;color:var(--soft)}
.soft{color:var(--soft)}
.over{color:var(--soft);font-size:13px;letter-spacing:.04em;width:100%}
.title{display:flex;flex-wrap:wrap;align-items:center;gap:2px 14px}
.pill{font-size:13px;font-weight:600;padding:2px 11px;border:1.5px solid currentColor;border-radius:99px}
.headline{font-size:25px;line-height:1.4;letter-spacing:-.012em;margin:20px 0 18px;max-width:46em}
.headline b{font-weight:700}
.fig{white-space:nowrap}
.zero{color:var(--soft)}.zero b{font-weight:500}
.good{color:var(--good);fill:var(--good)}.bad{color:var(--bad);fill:var(--bad)}.wait{color:var(--wait);fill:var(--wait)}
.unsure{color:var(--unsure);fill:var(--unsure)}.open{color:var(--open);fill:var(--open)}.quiet{color:var(--quiet);fill:var(--quiet)}
.bar{display:block;width:100%;height:12px;border-radius:6px;margin-bottom:14px}
.pair{display:grid;grid-template-columns:minmax(0,1.75fr) minmax(280px,1fr);gap:48px;margin-top:48px}
.pair section{margin-top:0}
@media (max-width:860px){.pair{grid-template-columns:1fr;gap:44px}main{padding:24px 16px 48px}.headline{font-size:21px}}
.calm{color:var(--soft)}
.needlist>li{padding:16px 0;border-top:1px solid var(--line)}
.needlist>li:first-child{border-top:0;padding-top:0}
.needlist h3+p{color:var(--soft);max-width:62ch}
.cmd{display:flex;align-items:center;gap:8px;margin-top:8px}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);padding:4px 9px;border-radius:5px;overflow-wrap:anywhere}
small code{font-size:12px;padding:1px 5px}
button{font:inherit;color:inherit;cursor:pointer}
.copy{background:none;border:1px solid var(--line);border-radius:5px;font-size:13px;padding:3px 10px;color:var(--soft)}
.copy:hover{background:var(--hover)}
.few{margin-top:8px;font-size:14px}
.few li{padding:2px 0}
q{display:block;color:var(--soft);font-size:13px;quotes:"\\201C" "\\201D"}
.ledger div,.facts div{display:flex;justify-content:space-between;gap:20px;padding:7px 0;border-top:1px solid var(--line)}
.ledger div:first-child,.facts div:first-child{border-top:0;padding-top:0}
.ledger dt,.facts dt{color:var(--soft)}
.ledger dd,.facts dd{margin:0;text-align:right;overflow-wrap:anywhere}
.ledger .strong dd{font-weight:700}
.ledger .alarm dd{color:var(--bad);font-weight:700}
.ledger+p{margin-top:12px;font-size:13px}
.tools{display:flex;flex-wrap:wrap;gap:12px 20px;align-items:center;margin-bottom:14px}
.search span,.order span{color:var(--soft)}
input,select{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--quiet);border-radius:6px;padding:5px 9px}
input[type=search]{width:240px}
::placeholder{color:var(--soft);opacity:1}
.chips{display:flex;flex-basis:100%;flex-wrap:wrap;gap:6px}
.chips button{background:none;border:1px solid var(--line);border-radius:99px;padding:3px 12px;font-size:14px}
.chips button:hover{background:var(--hover)}
.chips button[aria-pressed=true]{border-color:currentColor;box-shadow:inset 0 0 0 1px currentColor;font-weight:600}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:14px}
.items .scroll>table{display:block;min-width:860px}
.items .scroll>table>thead,.items tbody[id=":rows"]{display:block}
.items .scroll>table>*>tr{display:grid;grid-template-columns:19% 20% 13% 1fr 8% 16%;border-top:1px solid var(--line)}
.items .scroll>table>*>tr>*{border:0}
.items .scroll>table>thead>tr{border-top:0;border-bottom:1px solid var(--quiet)}
.items tbody[id=":rows"]>tr:first-child{border-top:0}
.items tbody.many>tr:not(.more){content-visibility:auto;contain-intrinsic-size:auto 44px}
.items tr.more{border-top:0!important;grid-template-columns:1fr!important}
th,td{text-align:left;vertical-align:top;padding:9px 14px 9px 0;border-top:1px solid var(--line);font-weight:400;overflow-wrap:anywhere}
thead th{font-weight:400;border-top:0;border-bottom:1px solid var(--quiet);color:var(--soft);font-size:13px;padding-bottom:6px}
tbody tr:first-child>*{border-top:0}
.items tbody>tr:not(.more):hover{background:var(--hover)}
tbody .c-id{font-weight:600}.c-id{padding-left:6px}.c-id small{font-weight:400;padding-left:22px}
.c-swap span{display:inline-block;line-height:28px;vertical-align:middle}.c-num{text-align:right}.c-out{padding-right:6px}
.items tbody .c-swap{padding-top:5px}
.c-id a{color:inherit;text-decoration:none}.c-id a:hover{text-decoration:underline}
.c-swap img,.c-face img{border-radius:50%;object-fit:cover;vertical-align:middle;margin-right:5px;background:var(--code)}
.st{font-weight:600;white-space:nowrap}
.st::before,.key{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;background:currentColor;margin-right:7px}
.st.unsure::before,.st.wait::before{border-radius:2px}
.st.bad::before{border-radius:2px;transform:rotate(45deg)}
.st.open::before{background:none;box-shadow:inset 0 0 0 2px currentColor}
.code{font:600 12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft)}
.tog{border:0;background:none;padding:0 6px 0 0;width:22px;height:22px;line-height:1;color:var(--soft)}
.tog:focus-visible{outline-offset:-2px}
.tog::before{content:"";display:inline-block;border:5px solid transparent;border-left:7px solid currentColor;border-right:0}
.tog[aria-expanded=true]::before{transform:rotate(90deg)}
tr:target>*{background:var(--hover)}
.more>td{padding:4px 6px 22px 28px}
.det{display:grid;grid-template-columns:minmax(280px,1fr) minmax(300px,1.15fr);gap:10px 36px}
@media (max-width:760px){.det{grid-template-columns:1fr}}
.det h4{margin:14px 0 6px;font-size:13px;font-weight:600;color:var(--soft)}
.det div>h4:first-child{margin-top:0}
.det .facts div{padding:4px 0;border:0;justify-content:flex-start}
.det .facts dt{flex:0 0 104px}.det .facts dd{text-align:left}
video{display:block;width:100%;max-height:340px;background:#000;border-radius:8px}
.none{display:grid;place-items:center;min-height:120px;border:1px dashed var(--quiet);border-radius:8px;color:var(--soft);text-align:center;padding:16px}
.swaps{display:flex;flex-wrap:wrap;gap:14px}
.swaps figure{display:flex;align-items:center;gap:8px;flex-wrap:wrap;max-width:240px}
.swaps figcaption{width:100%;font-size:13px}
.ph,.swaps img{width:84px;height:84px;border-radius:8px;object-fit:cover;background:var(--code)}
.ph{display:grid;place-items:center;border:1px dashed var(--quiet);background:none;font-size:12px;color:var(--soft);text-align:center;padding:6px}
.det table{font-size:13px}.det th:first-child{white-space:nowrap}.det td:nth-child(n+4),.det th:nth-child(n+4){text-align:right;white-space:nowrap}.det th,.det td{padding:4px 12px 4px 0}
.ends svg{display:block;width:100%;height:90px;border-bottom:1px solid var(--quiet)}
.ends figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 20px;font-size:13px;color:var(--soft);padding-top:6px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:48px;margin-top:26px;align-items:start}
@media (max-width:860px){.two{grid-template-columns:1fr;gap:28px}}
.small th,.small td{padding-top:6px;padding-bottom:6px}
.small tbody .c-num{white-space:nowrap}
.two .c-num{width:84px}
caption{text-align:left;font-weight:650;padding-bottom:6px}
.key.analysis{background:var(--analysis)}.key.processing{background:var(--processing)}.key.download{background:var(--download)}.key.wait{background:var(--waitbar)}
rect.analysis{fill:var(--analysis)}rect.processing{fill:var(--processing)}rect.download{fill:var(--download)}
.slow{display:block;width:100%;height:9px;margin-top:6px;border-radius:2px}
.events li{display:flex;gap:20px;padding:8px 0;border-top:1px solid var(--line)}
.events li:first-child{border-top:0}
.events time{flex:0 0 150px;color:var(--soft)}
.end{border-top:1px solid var(--line);padding-top:28px}
.end .facts div{justify-content:flex-start;border:0;padding:3px 0}.end .facts dt{flex:0 0 104px}.end .facts dd{text-align:left}
[hidden]{display:none!important}
@media print{body{background:#fff;color:#000}.tools,.copy,.tog,.skip{display:none!important}.scroll{overflow:visible}section{break-inside:auto}tr{break-inside:avoid}}
`;

/** For readers without scripts: controls that would do nothing are not shown. */
export const NOSCRIPT_STYLE = '.tog,.tools,.copy{display:none}';
