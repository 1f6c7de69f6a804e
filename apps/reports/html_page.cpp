#include "apps/reports/html_page.hpp"

#include "apps/reports/markup.hpp"

namespace nelbo {
namespace {

constexpr const char* head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
)";

constexpr const char* style = R"(<style>
:root{--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--page:#fff;--card:#f6f8fa;--tint:#fdf3d8;
--bar:#0072b2;--good:#1a7f37;--bad:#b35900}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto 4rem;max-width:1200px;padding:0 1.25rem;
color:var(--ink);background:var(--page)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.25rem 0 .75rem;padding-bottom:.3rem;
border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1rem 0 .35rem;overflow-wrap:anywhere}
p{margin:.35rem 0;overflow-wrap:anywhere}.soft,.notes{color:var(--soft)}
.notes{padding-left:1.2rem}.verdicts{columns:19rem;column-gap:2rem}.small{font-size:.85rem}
.badge{display:inline-block;vertical-align:middle;font-size:.8rem;font-weight:600;
padding:.1rem .55rem;border-radius:1rem;border:1px solid currentColor;color:var(--bad);
margin-left:.6rem}.badge.good{color:var(--good)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.75rem;
margin:1.25rem 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.tile b{display:block;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;
white-space:nowrap}.tile span{color:var(--soft);font-size:.8rem;display:block}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}
th,td{padding:.25rem .7rem;text-align:right;white-space:nowrap;vertical-align:top}
th{border-bottom:1.5px solid var(--soft);font-weight:600}
tbody tr:nth-child(even) td{background:var(--card)}
th.name,td.name{text-align:left;white-space:normal;min-width:4.5rem}
tbody td.tint,tbody tr:nth-child(even) td.tint,th.tint{background:var(--tint)}
td.strong{font-weight:700}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,500px),1fr));
gap:1.25rem;margin-top:1rem;align-items:start}
.figures svg{width:100%;height:auto;max-width:660px}
summary{cursor:pointer;margin-top:.5rem}
pre{font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;
background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem;
margin:.5rem 0}
.settings{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));
gap:0 2.5rem;margin:0}
.settings div{display:flex;justify-content:space-between;gap:1rem;padding:.2rem 0;
border-bottom:1px solid var(--line)}
.settings dt{color:var(--soft)}.settings dd{margin:0;text-align:right;overflow-wrap:anywhere}
.units{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));
gap:.15rem 2rem;font-size:.85rem;font-variant-numeric:tabular-nums;margin:.75rem 0}
.units div{display:grid;grid-template-columns:4.2em 1fr 4em;gap:.5rem;align-items:center}
.units i{height:.65em;background:var(--bar);border-radius:2px;min-width:1px}
.units .gone{color:var(--soft)}.units .gone i{background:var(--soft)}
.units b{font-weight:400;text-align:right}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));
gap:1.25rem;align-items:start}
.pictures figure{margin:0}.pictures figcaption{color:var(--soft);margin-bottom:.35rem;
overflow-wrap:anywhere}
.pictures.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr))}
.pictures img{display:block;max-width:100%;height:auto;border-radius:4px}
@media (max-width:760px){
body{margin-top:1rem}
table.cards,.cards tbody,.cards tr,.cards td{display:block}
.cards thead{display:none}
.cards tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));gap:.4rem .75rem;
border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem;margin-bottom:.75rem}
.cards td,.cards tbody tr:nth-child(even) td{text-align:left;padding:0;background:none}
.cards td.tint,.cards tbody tr:nth-child(even) td.tint{background:none}
.cards td.tint span{background:var(--tint)}
.cards td::before{content:attr(data-label);display:block;color:var(--soft);font-size:.75rem;
font-weight:400}
.cards td.name{min-width:0;overflow-wrap:anywhere}
.cards td[data-label=run]{grid-column:1/-1;order:-1;font-weight:600}}
@media (prefers-color-scheme:dark){
:root{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--page:#14171a;--card:#1c2126;--tint:#3a3217;
--bar:#4ea8e6;--good:#3fb950;--bad:#e6a23c}}
</style></head>
<body>
)";

}  // namespace

std::string html_page(const std::string& title, const std::string& body) {
  return std::string(head) + "<title>" + escaped(title) + "</title>\n" + style + body +
         "</body></html>\n";
}

std::string with_plus_minus(std::string text) {
  for (std::size_t at = text.find("+-"); at != std::string::npos; at = text.find("+-", at)) {
    text[at] = '\xC2';  // the plus-minus sign in UTF-8, also two bytes
    text[at + 1] = '\xB1';
  }
  return text;
}

std::string html_table(const Table& table, const TableLook& look) {
  std::string out = "<div class=\"scroll\"><table";
  out += look.cards ? " class=\"cards\">\n" : ">\n";
  const auto classes = [&](std::size_t column, bool strong) {
    std::string all;
    if (column < table.names) all += " name";
    if (column < look.tinted) all += " tint";
    if (strong) all += " strong";
    return all;
  };
  const auto cell = [&](const std::string& element, const std::string& css, std::size_t column,
                        const std::string& text) {
    out += "<" + element + (css.empty() ? "" : " class=\"" + css.substr(1) + "\"");
    if (look.cards && element == "td") {
      out += " data-label=\"" + escaped(table.header[column]) + "\"";
    }
    const std::string shown = escaped(text);
    out += "><span>" + (column < table.names ? shown : with_plus_minus(shown)) + "</span></" +
           element + ">";
  };
  out += "<thead><tr>";
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    cell("th", classes(c, false), c, table.header[c]);
  }
  out += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    out += "<tr>";
    for (std::size_t c = 0; c < table.rows[r].size(); ++c) {
      const bool strong = look.strong && look.strong(r, c);
      cell("td", classes(c, strong), c, table.rows[r][c]);
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string data_uri(const std::string& type, std::string_view bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "data:" + type + ";base64,";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
    };
    const unsigned three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

}  // namespace nelbo
