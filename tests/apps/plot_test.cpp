// Plots with linear axes and names at their lines.
#include "apps/reports/html_page.hpp"
#include "apps/reports/name_places.hpp"
#include "apps/reports/svg_plot.hpp"
#include "tests/apps/markup_elements.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("plot: ticks of a linear axis") {
  const auto near = [](const std::vector<double>& found, const std::vector<double>& wanted) {
    REQUIRE(found.size() == wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i] == Approx(wanted[i]).margin(1e-12));
    }
  };
  near(linear_ticks(0, 10), {0, 2, 4, 6, 8, 10});
  near(linear_ticks(-104, -89), {-104, -102, -100, -98, -96, -94, -92, -90});
  near(linear_ticks(1, 3, 1), {1, 2, 3});
  near(linear_ticks(-0.3, 0.3), {-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3});
  CHECK(linear_ticks(1e17, 1e17 + 1).empty());
  for (double low = -1e6; low < 1e6; low += 31234.5) {
    for (double width = 1e-3; width < 1e9; width *= 3.3) {
      CAPTURE(low, width);
      CHECK(linear_ticks(low, low + width).size() >= 3);
      CHECK(linear_ticks(low, low + width).size() <= 9);
    }
  }
  CHECK(tick_text(-90) ==
        "\xE2\x88\x92"
        "90");
  CHECK(tick_text(0) == "0");
}

TEST_CASE("plot: names keep their order and their distance, near to where they want to be") {
  CHECK(spread_out({10, 50, 30}, 14, 0, 100) == std::vector<double>{10, 50, 30});
  const std::vector<double> two = spread_out({50, 50}, 14, 0, 100);
  CHECK(two[1] - two[0] == Approx(14));
  CHECK(two[0] + two[1] == Approx(100));
  const std::vector<double> crowd = spread_out({99, 98, 97, 20}, 14, 0, 100);
  CHECK(crowd[0] == Approx(100));
  CHECK(crowd[1] == Approx(86));
  CHECK(crowd[2] == Approx(72));
  CHECK(crowd[3] == Approx(20));
  const std::vector<double> many = spread_out(std::vector<double>(21, 3.0), 14, 0, 100);
  for (std::size_t i = 0; i < many.size(); ++i)
    CHECK(many[i] == Approx(5.0 * double(i)).margin(1e-9));
  CHECK(spread_out({}, 14, 0, 100).empty());
}

TEST_CASE("plot: a name beside a mark covers nothing and stays in the frame") {
  const Box frame{0, 0, 100, 100};
  CHECK(free_place(10, 50, 30, 10, frame, {})->left == 18);
  CHECK(free_place(90, 50, 30, 10, frame, {})->right == 82);  // no room at the right
  const Box wall{15, 0, 100, 100};
  const auto above = free_place(10, 50, 16, 10, frame, {wall});
  CHECK_FALSE((above && above->overlaps(wall)));
  CHECK_FALSE(free_place(50, 50, 200, 10, frame, {}));
}

TEST_CASE("plot: linear axes, guides, and a steep beginning that is cut off") {
  SvgPlot plot("t", "epoch", "nats",
               {.x = Scale::linear, .y = Scale::linear, .names = Names::at_ends, .margin = 0});
  plot.add_series("a <b>", {{1, -1000}, {2, -100}, {3, -99}, {4, NAN}}, {0, 0});
  plot.add_series("", {{1, -98}, {3, -100.5}}, {1, 1, SvgPlot::Stroke::dashed});
  plot.add_guide("inside", {1, -99}, {3, -100});
  plot.add_guide("outside", {1, 5}, {3, 5});
  plot.fit_y_from(2);
  const std::string svg = plot.svg();
  CHECK(elements_of(svg)["svg"] == 2);  // the inner one cuts the lines off
  CHECK_THAT(svg, contains("a &lt;b&gt;</text>"));
  CHECK_THAT(svg, contains("class=\"line c1 dashed\""));
  CHECK_THAT(svg, contains(">inside</text>") && !contains("outside"));
  CHECK_THAT(svg, contains("\xE2\x88\x92"
                           "100.0</text>"));
  CHECK_THAT(svg, !contains("\xE2\x88\x92"
                            "800"));  // the steep beginning makes no room
  CHECK(svg.find("nan") == std::string::npos);
  // Names at marks: one of three at the same place finds room elsewhere, or none.
  SvgPlot points("t", "x", "y", {.x = Scale::linear, .y = Scale::linear, .names = Names::at_marks});
  for (const char* name : {"one", "two", "three"}) points.add_series(name, {{1, 1}}, {0, 0});
  points.add_series("far", {{2, 3}}, {1, 1});
  CHECK_THAT(points.svg(),
             contains(">one</text>") && contains(">two</text>") && contains(">far</text>"));
}

TEST_CASE("plot: a flat or empty plot has axes all the same") {
  SvgPlot flat("t", "x", "y", {.x = Scale::linear, .y = Scale::linear, .names = Names::at_ends});
  elements_of(flat.svg());
  flat.add_series("a", {{1, 0}, {2, 0}}, {0, 0});
  CHECK(flat.svg().find("nan") == std::string::npos);
}

TEST_CASE("page: bytes as an address, RFC 4648's own examples") {
  CHECK(data_uri("a/b", "") == "data:a/b;base64,");
  CHECK(data_uri("a/b", "f") == "data:a/b;base64,Zg==");
  CHECK(data_uri("a/b", "fo") == "data:a/b;base64,Zm8=");
  CHECK(data_uri("a/b", "foobar") == "data:a/b;base64,Zm9vYmFy");
  CHECK(data_uri("a/b", "\xFF\xFE\xFD") == "data:a/b;base64,//79");
}
