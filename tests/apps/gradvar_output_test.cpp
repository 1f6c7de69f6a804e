// What a gradient-variance study writes: its table, study.csv, study.json, figures and report.html.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "apps/reports/figures.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/report.hpp"
#include "apps/reports/study_files.hpp"
#include "apps/reports/svg_plot.hpp"
#include "apps/reports/tables.hpp"
#include "autodiff/error.hpp"
#include "lab/studies/slopes.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// Numbers like those of the IWAE toy of Rainforth et al. (2018).
Study toy_study(std::vector<std::int64_t> k = {1}) {
  Study study{.subject = "world <rainforth> & \"co\"",
              .reference = "reparam",
              .replicates = 10000,
              .seed = 3,
              .isa = "avx2",
              .threads = 2,
              .seconds = 1.25};
  const std::map<std::string, double> slopes{{"reparam", -0.5}, {"stl", 0.5}, {"dreg", 0.5}};
  for (const std::string bound : {"iw", "elbo"}) {
    for (const std::string group : {"phi", "theta", "encoder.0"}) {
      for (const auto& [estimator, slope] : slopes) {
        for (const std::int64_t groups : k) {
          for (const std::int64_t m : {1, 4, 16, 64, 256}) {
            Row row{.bound = bound, .estimator = estimator, .m = m, .k = groups, .group = group};
            const double snr =
                (slope < 0 ? 0.15 : 0.3) * std::pow(double(m), slope) * std::sqrt(double(groups));
            const double variance = slope < 0 ? 3.4 / double(m) : 0.9 / std::pow(double(m), 3);
            row.variance = {variance, 0.02 * variance};
            row.snr = {snr, 0.003};
            row.snr_norm = {snr, 0.004};
            row.mean_norm = {snr * std::sqrt(variance), 0.003 * std::sqrt(variance)};
            row.dsnr = {2 * snr, 0.01};
            row.cosine = {0.98765, 0.002};
            row.us_per_gradient = {0.3 * double(m), 0.01 * double(m)};
            row.work = {0.3 * double(m) * variance, 0.01 * variance};
            row.snr_floor = 0.01;
            row.bias_t = estimator == "reparam" ? NAN : 1.234;
            row.bias_p = estimator == "reparam" ? NAN : 0.2345;
            row.biased = estimator == "stl" && bound == "iw";
            const Theory theory{.mean_norm = row.mean_norm.mean, .variance = 2 * variance};
            if (estimator == "reparam") (m == 1 ? row.exact : row.asymptote) = theory;
            study.rows.push_back(row);
          }
        }
      }
      Row row{.bound = bound, .estimator = "vimco(geometric), \"x\"", .m = 4, .group = group};
      row.undefined = bound == "elbo" ? "the mean bound has no others, <see> vimco" : "";
      if (!row.defined()) study.rows.push_back(row);
    }
  }
  study.slopes = slopes_of(study.rows);
  for (Slope& slope : study.slopes) slope.theory = slopes.at(slope.estimator);
  return study;
}

/// The tags of a piece of markup, balanced: throws where one is closed that is not open, or an
/// attribute is not quoted. Returns how often each element occurs.
std::map<std::string, int> elements_of(const std::string& markup) {
  const std::set<std::string> empty{"meta", "!DOCTYPE"};
  std::map<std::string, int> count;
  std::vector<std::string> open;
  for (std::size_t at = markup.find('<'); at != std::string::npos; at = markup.find('<', at)) {
    const std::size_t end = markup.find('>', at);
    if (end == std::string::npos) throw std::runtime_error("a tag without an end");
    std::string tag = markup.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) throw std::runtime_error("a bare < before " + tag);
    at = end;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) throw std::runtime_error("closes " + tag);
      open.pop_back();
      continue;
    }
    const std::string name = tag.substr(0, tag.find_first_of(" /\n"));
    ++count[name];
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0)
      throw std::runtime_error("quotes: " + tag);
    if (tag.back() == '/' || empty.count(name) > 0) continue;
    open.push_back(name);
    if (name == "style") at = markup.find("</style>", at);  // its text is no markup
  }
  if (!open.empty()) throw std::runtime_error("never closed: " + open.back());
  return count;
}

/// Fields of a CSV file, RFC 4180.
std::vector<std::vector<std::string>> csv_fields(const std::string& text) {
  std::vector<std::vector<std::string>> lines(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::string& field = lines.back().back();
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      field += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      lines.back().emplace_back();
    } else if (c == '\n' && !quoted) {
      lines.push_back({""});
    } else {
      field += c;
    }
  }
  REQUIRE_FALSE(quoted);
  REQUIRE(lines.back() == std::vector<std::string>{""});  // the file ends with a line's end
  lines.pop_back();
  return lines;
}

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("gradvar: study.json has the promised keys, and null for what is not finite") {
  const Study study = toy_study();
  const json object = json::parse(json_of(study).dump());
  REQUIRE(object["rows"].size() == study.rows.size());
  const json& row = object["rows"][0];  // dreg, m = 1, phi
  for (const char* key :
       {"bound",     "estimator", "m",         "k",      "group",   "mean_norm",       "variance",
        "snr",       "snr_norm",  "snr_floor", "dsnr",   "bias_t",  "us_per_gradient", "exact",
        "asymptote", "undefined", "snr_se",    "cosine", "work_se", "biased"}) {
    CAPTURE(key);
    CHECK(row.contains(key));
  }
  CHECK(row["estimator"] == "dreg");
  CHECK(row["snr"] == 0.3);
  CHECK(row["exact"].is_null());
  CHECK(row["undefined"].is_null());
  const json& exact = object["rows"][5];  // reparam, m = 1
  CHECK(exact["exact"]["variance"] == 6.8);
  CHECK(exact["exact"]["snr"].is_null());
  CHECK(exact["bias_t"].is_null());
  CHECK(object["rows"][6]["exact"].is_null());
  CHECK(object["rows"][6]["asymptote"]["variance"] == 1.7);
  const json& undefined = object["rows"].back();
  CHECK(undefined["undefined"] == "the mean bound has no others, <see> vimco");
  CHECK(undefined["snr"].is_null());
  REQUIRE(object["slopes"].size() == 2 * 3 * 3);
  const json& slope = object["slopes"][0];
  for (const char* key :
       {"bound", "estimator", "group", "axis", "slope", "se", "theory", "low", "high", "points"}) {
    CAPTURE(key);
    CHECK(slope.contains(key));
  }
  CHECK(slope["axis"] == "m");
  CHECK(slope["theory"] == 0.5);
  CHECK(object["replicates"] == 10000);
  CHECK(object["threads"] == 2);
}

TEST_CASE("gradvar: study.csv parses to the numbers of the rows") {
  const Study study = toy_study();
  const auto lines = csv_fields(csv_of(study));
  REQUIRE(lines.size() == study.rows.size() + 1);
  std::map<std::string, std::size_t> column;
  for (std::size_t c = 0; c < lines[0].size(); ++c) column[lines[0][c]] = c;
  CHECK(column.size() == lines[0].size());
  for (std::size_t r = 0; r < study.rows.size(); ++r) {
    const auto& fields = lines[r + 1];
    const Row& row = study.rows[r];
    REQUIRE(fields.size() == lines[0].size());
    CHECK(fields[column["estimator"]] == row.estimator);
    CHECK(fields[column["undefined"]] == row.undefined);
    CHECK(fields[column["m"]] == std::to_string(row.m));
    const auto equal = [&](const char* name, double value) {
      const std::string& field = fields[column.at(name)];
      return std::isfinite(value) ? std::stod(field) == value : field.empty();
    };
    CHECK(equal("snr", row.snr.mean));
    CHECK(equal("variance_se", row.variance.standard_error));
    CHECK(equal("bias_p", row.bias_p));
    CHECK(equal("exact_variance", row.exact.value_or(Theory{}).variance));
    CHECK(equal("asymptote_mean_norm", row.asymptote.value_or(Theory{}).mean_norm));
    CHECK(equal("asymptote_snr", NAN));
  }
}

TEST_CASE("gradvar: the table is aligned, grouped by bound, and gives reasons below") {
  const std::string text = text_report(toy_study());
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) CHECK(line.size() <= 120);
  CHECK(text.find("\nbound iw\n") < text.find("\nbound elbo\n"));
  CHECK_THAT(text, contains("10000 replicates of 1 datum, seed 3; avx2, 2 threads, 1.2 s"));
  CHECK_THAT(text, contains("phi        stl*        16  "));
  CHECK_THAT(text, contains("  0.300 +- 0.003  "));
  CHECK_THAT(text, contains("*: not unbiased"));
  CHECK_THAT(text, contains("-0.5"));
  const auto header = [](const Study& study) {
    return row_table(study, "iw", Detail::terminal).header;
  };
  CHECK(header(toy_study())[3] == "|mean|");
  CHECK(header(toy_study({1, 8}))[3] == "k");
  CHECK(count_of(text, "the mean bound has no others") == 1);  // three groups, one reason
  CHECK(text.find("nan") == std::string::npos);
  // Measured 3.4 against 6.8.
  CHECK_THAT(aligned(theory_table(toy_study())), contains("0.500 +- 0.010"));
  // A theory of 0 divides nothing, and what is exact has no error.
  Study exact = toy_study();
  exact.rows[0].exact = Theory{0, 2, 0};
  exact.rows[0].mean_norm = {0, 0};
  exact.rows[0].variance = {1, 0};
  CHECK_THAT(aligned(theory_table(exact)),
             contains("0 (theory 0)  ") && contains("  0.5  ") && !contains("+- 0 "));
  const Table table{.names = 1, .header = {"a", "b"}, .rows = {{"\xC3\xBC", "10"}, {"uu", "1"}}};
  CHECK(aligned(table) == "a    b\n\xC3\xBC   10\nuu   1\n");
  CHECK(text_report(Study{.replicates = 1}).find("nan") == std::string::npos);
}

TEST_CASE("gradvar: ticks of a logarithmic axis") {
  const auto ticks = [](double low, double high) {
    std::vector<double> found = log_ticks(low, high);
    for (double& tick : found) tick = std::stod(fmt::format("{:.6g}", tick));
    return found;
  };
  CHECK(ticks(0.9, 1100) == std::vector<double>{1, 10, 100, 1000});
  CHECK(ticks(0.01, 1) == std::vector<double>{0.01, 0.1, 1});
  CHECK(ticks(3, 60) == std::vector<double>{5, 10, 20, 50});
  CHECK(ticks(0.0021, 0.0042) == std::vector<double>{0.003, 0.004});
  CHECK(ticks(1e-9, 1e9).size() <= 9);
  CHECK(ticks(1e-9, 1e9).size() >= 5);
  for (double low = 1e-12; low < 1e6; low *= 3.7) {
    for (double factor = 2; factor < 1e20; factor *= 2.9) {
      CAPTURE(low, factor);
      const std::size_t count = log_ticks(low, low * factor).size();
      CHECK(count >= 1);
      CHECK(count <= 12);
    }
  }
}

TEST_CASE("gradvar: a plot is well-formed SVG with points where they belong") {
  SvgPlot plot("a < b & \"c\"", "m", "snr");
  CHECK(plot.empty());
  elements_of(plot.svg());
  plot.add_series("one", {{1, 1, 0.5}, {10, 10, 20}, {100, 100}}, {0, 0});
  plot.add_series("two", {{1, NAN}, {10, 0}, {-1, 5}, {INFINITY, 1}, {10, 3, NAN}}, {8, 13});
  plot.add_series("nothing", {{1, 0}, {2, -1}}, {1, 1});
  plot.add_level("floor", 0.3);
  plot.add_level("no floor", NAN);
  plot.add_power({10, 10}, 0.5, 1, 100, {0, 0});
  plot.set_x_ticks({1, 10, 100});
  CHECK_FALSE(plot.empty());
  const std::string svg = plot.svg();
  std::map<std::string, int> elements = elements_of(svg);
  CHECK(elements["svg"] == 1);
  CHECK(elements["circle"] == 3 + 1);                    // the marks of "one", and its legend
  CHECK(count_of(svg, "class=\"line c0\" d=\"M") == 1);  // three points joined
  CHECK(count_of(svg, "class=\"bar c0\"") == 2 * 3);     // two bars of three lines
  CHECK(count_of(svg, "class=\"line c1\"") == 1 + 1);    // colours repeat after seven
  CHECK(count_of(svg, "class=\"floor\"") == 1 + 1);      // and its legend
  CHECK(count_of(svg, "class=\"theory c0\"") == 1);
  CHECK_THAT(svg, contains(">theory slope</text>"));
  CHECK_THAT(svg, contains("a &lt; b &amp; &quot;c&quot;"));
  CHECK(svg.find("nothing") == std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  // On a log axis 10 is in the middle of 1 and 100.
  std::vector<double> xs, ys;
  for (std::size_t at = svg.find("cx=\""); at != std::string::npos;
       at = svg.find("cx=\"", at + 1)) {
    xs.push_back(std::stod(svg.substr(at + 4)));
    ys.push_back(std::stod(svg.substr(svg.find("cy=\"", at) + 4)));
  }
  CHECK(xs[1] == Approx((xs[0] + xs[2]) / 2).margin(0.02));
  CHECK(ys[1] == Approx((ys[0] + ys[2]) / 2).margin(0.02));
  CHECK(xs[2] > xs[0]);
  CHECK(ys[2] < ys[0]);
  for (const char* label : {">1</text>", ">10</text>", ">100</text>"}) {
    CHECK_THAT(svg, contains(label));
  }
}

TEST_CASE("gradvar: text in markup") {
  CHECK(escaped("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
  CHECK(escaped("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\t") ==
        "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\t");
  CHECK(escaped(std::string("a\x1b[0m\0b", 7)) == R"(a\x1b[0m\x00b)");
  CHECK(escaped("\xFF\xC3") == R"(\xff\xc3)");          // no UTF-8, and a character cut short
  CHECK(escaped("\xC0\xBC") == R"(\xc0\xbc)");          // an overlong <
  CHECK(escaped("\xE0\x80\xBC") == R"(\xe0\x80\xbc)");  // the same in three bytes
  CHECK(escaped("\xED\xA0\x80") == R"(\xed\xa0\x80)");  // half of a surrogate pair
  CHECK(escaped("\xC2\x9B<\xEF\xBF\xBF") == R"(\xc2\x9b&lt;\xef\xbf\xbf)");  // C1, no character
}

TEST_CASE("gradvar: figures for every bound and group, and files with names of their own") {
  const std::vector<Figure> figures = figures_of(toy_study());
  CHECK(figures.size() == 2 * 3 * 3);  // bounds, groups; snr and variance of m, variance of time
  std::set<std::string> names;
  for (const Figure& figure : figures) {
    names.insert(figure.name);
    std::map<std::string, int> elements = elements_of(figure.svg);
    CHECK(elements["svg"] == 1);
    for (const char* estimator : {"reparam", "stl", "dreg"}) {
      CHECK(count_of(figure.svg, std::string(">") + estimator + "</text>") == 1);
    }
    const bool snr = figure.name.starts_with("snr-");
    CHECK(count_of(figure.svg, "class=\"floor\"") == (snr ? 2 : 0));
    CHECK(count_of(figure.svg, "class=\"theory c") == (snr ? 3 : 0));
  }
  CHECK(names.size() == figures.size());
  CHECK(names.count("snr-m-iw-phi") == 1);
  CHECK(figures_of(toy_study({1, 2, 8})).size() == 2 * 3 * 5);  // and snr and variance of k
  Study odd = toy_study();
  for (Row& row : odd.rows) row.group = row.group == "phi" ? "../a" : "..//a";
  std::set<std::string> odd_names;
  for (const Figure& figure : figures_of(odd)) {
    CHECK(figure.name.find('/') == std::string::npos);
    odd_names.insert(figure.name);
  }
  CHECK(odd_names.size() == 2 * 2 * 3);
  CHECK(figures_of(Study{}).empty());
}

TEST_CASE("gradvar: report.html is one well-formed page that refers to nothing outside") {
  const Study study = toy_study({1, 8});
  const std::vector<Figure> figures = figures_of(study);
  const std::string page = html_report(study, figures);
  std::map<std::string, int> elements = elements_of(page);
  CHECK(elements["svg"] == int(figures.size()));
  CHECK(elements["table"] == 2 + 3);  // bounds; slopes, theory, not defined
  CHECK(elements["details"] == 2);    // the layer encoder.0 of both bounds
  CHECK(elements["script"] == 0);
  CHECK(elements["link"] == 0);
  CHECK(elements["img"] == 0);
  CHECK(count_of(page, "http") - count_of(page, "http-equiv") ==
        count_of(page, "xmlns=\"http://www.w3.org/2000/svg\""));
  for (const char* reference : {"src=", "href", "url(", "@import", "//cdn"}) {
    CAPTURE(reference);
    CHECK(page.find(reference) == std::string::npos);
  }
  CHECK_THAT(page, contains("world &lt;rainforth&gt; &amp; &quot;co&quot;"));
  CHECK_THAT(page, contains("the mean bound has no others, &lt;see&gt; vimco"));
  CHECK_THAT(page, contains("0.3000 \xC2\xB1 0.0030"));
  CHECK(page.find("nan") == std::string::npos);
  elements_of(html_report(Study{.replicates = 1}, {}));
}

TEST_CASE("gradvar: a study's files are written whole, or the error names the folder") {
  const TempFolder folder;
  const Study study = toy_study();
  write_study(study, folder.path() + "/new/out");
  const std::string out = folder.path() + "/new/out/";
  CHECK(json::parse(read_whole(out + "study.json"))["rows"].size() == study.rows.size());
  CHECK(read_whole(out + "study.csv") == csv_of(study));
  CHECK(read_whole(out + "report.html") == html_report(study, figures_of(study)));
  CHECK(read_whole(out + "figures/snr-m-iw-phi.svg") == figures_of(study)[0].svg);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    files += entry.is_regular_file();
    CHECK(entry.path().extension() != ".tmp");
  }
  CHECK(files == 3 + figures_of(study).size());
  write_study(study, out);  // again, over itself
  folder.write("file", "");
  CHECK_THROWS_WITH(write_study(study, folder.path() + "/file"),
                    contains("/file/figures: cannot be made: Not a directory"));
}
