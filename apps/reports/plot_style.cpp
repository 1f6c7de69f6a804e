#include "apps/reports/plot_style.hpp"

#include <fmt/format.h>

namespace nelbo::plot_style {
namespace {

constexpr std::size_t marks = 6;

/// The colours stand in the document's own style, so that a dark page can have lighter ones.
constexpr const char* style_sheet = R"(<style>
.gv text{font:12px system-ui,sans-serif;fill:#24292f;stroke:none}
.gv .t{font-size:14px;font-weight:600}.gv .guide-name{font-size:11px;fill:#57606a;paint-order:stroke;stroke:#fff;stroke-width:4px}
.gv .axis{stroke:#57606a;fill:none}.gv .grid,.gv .guide{stroke:#d8dee4;fill:none}
.gv .guide{stroke:#afb8c1;stroke-dasharray:2 3}
.gv .floor{stroke:#57606a;stroke-width:1.4;stroke-dasharray:6 4;fill:none}
.gv .line{stroke-width:1.6;fill:none}.gv .theory{stroke-width:1.3;stroke-dasharray:1.5 3;fill:none}
.gv .dashed{stroke-dasharray:6 3}.gv .dotted{stroke-dasharray:1.5 2.5}.gv .name{font-weight:600}
.gv .bar{stroke-width:1.1;fill:none}.gv .theory.any{stroke:#57606a}
.gv .c0{stroke:#0072b2}.gv .c1{stroke:#d55e00}.gv .c2{stroke:#009e73}.gv .c3{stroke:#cc79a7}
.gv .c4{stroke:#b07d00}.gv .c5{stroke:#3a9bd0}.gv .c6{stroke:#24292f}
.gv .n0{fill:#0072b2}.gv .n1{fill:#b54f00}.gv .n2{fill:#007d5b}.gv .n3{fill:#a8437a}
.gv .n4{fill:#8a6200}.gv .n5{fill:#23759f}.gv .n6{fill:#24292f}
.gv .mark{stroke-width:1.6;fill:#fff}
@media (prefers-color-scheme:dark){
.gv text{fill:#e6edf3}.gv .axis,.gv .floor,.gv .theory.any{stroke:#9198a1}.gv .grid{stroke:#30363d}
.gv .guide{stroke:#484f58}.gv .guide-name{fill:#9198a1;stroke:#14171a}
.gv .c0{stroke:#4ea8e6}.gv .c1{stroke:#ff8a3d}.gv .c2{stroke:#2fd0a0}.gv .c3{stroke:#eaa0c8}
.gv .c4{stroke:#e6b422}.gv .c5{stroke:#8fd3ff}.gv .c6{stroke:#e6edf3}.gv .mark{fill:#14171a}
.gv .n0{fill:#4ea8e6}.gv .n1{fill:#ff8a3d}.gv .n2{fill:#2fd0a0}.gv .n3{fill:#eaa0c8}
.gv .n4{fill:#e6b422}.gv .n5{fill:#8fd3ff}.gv .n6{fill:#e6edf3}}
</style>
)";

}  // namespace

const char* sheet() { return style_sheet; }

std::string mark(std::size_t kind, double x, double y, std::size_t color) {
  const std::string attributes = fmt::format("class=\"mark c{}\"", color % colors);
  const auto path = [&](const char* d) {
    return fmt::format("<path {} transform=\"translate({:.2f} {:.2f})\" d=\"{}\"/>\n", attributes,
                       x, y, d);
  };
  switch (kind % marks) {
    case 0:
      return fmt::format("<circle {} cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3.4\"/>\n", attributes, x, y);
    case 1:
      return path("M-3.2-3.2H3.2V3.2H-3.2Z");
    case 2:
      return path("M0-4.4L4.4 0L0 4.4L-4.4 0Z");
    case 3:
      return path("M0-4L4 3.2H-4Z");
    case 4:
      return path("M0 4L4-3.2H-4Z");
    default:
      return path("M-3.4-3.4L3.4 3.4M-3.4 3.4L3.4-3.4");
  }
}

std::string name_class(std::size_t color) {
  return fmt::format(" class=\"name n{}\"", color % colors);
}

const char* stroke_class(SvgPlot::Stroke stroke) {
  switch (stroke) {
    case SvgPlot::Stroke::dashed:
      return " dashed";
    case SvgPlot::Stroke::dotted:
      return " dotted";
    case SvgPlot::Stroke::solid:
      break;
  }
  return "";
}

}  // namespace nelbo::plot_style
