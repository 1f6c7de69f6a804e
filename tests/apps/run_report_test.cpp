// Pages about runs: what is on them, and that a browser shows them whole.
#include "apps/reports/run_report.hpp"

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

#include "apps/cli/read_json.hpp"
#include "apps/reports/found_of_run.hpp"
#include "apps/reports/group_styles.hpp"
#include "tests/apps/made_run.hpp"
#include "tests/apps/markup_elements.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// A run of 12 epochs with everything that a page shows.
std::string full_run(const std::string& folder, const std::string& objective, double by) {
  MadeRun run{.objective = objective, .epochs_wanted = 12};
  run.argv = R"(["nelbo", "train", "--objective", "nell + 4*<b>"])";
  for (int epoch = 1; epoch <= 12; ++epoch) {
    std::string more = ", \"weights\": {\"warmup(4)\": " + std::to_string(epoch / 3.0) + "}" +
                       ", \"lr\": " + std::to_string(1e-3 / epoch) + ", \"unit_kl\": [2.5, 0.25, " +
                       (epoch < 9 ? "0.5" : "0.003") + "]";
    if (epoch % 5 == 0) {
      more += R"(, "ledger": {"count": 50, "terms": {"mi": {"value": 3, "se": 0.1},
                 "tc": {"value": )" +
              std::to_string(epoch) + R"(, "se": 0}}})";
      more.erase(std::remove(more.begin(), more.end(), '\n'), more.end());
    }
    run.lines.push_back(epoch_line(epoch, 90 + by + 500.0 / (epoch * epoch), 10 / by, more));
  }
  make_run(folder, run);
  std::string snr;
  for (int step = 10; step <= 100; step += 10) {
    snr += "{\"step\": " + std::to_string(step) +
           R"(, "floor": 0.1, "theta": {"snr": 2}, "phi": {"snr": 0.5}})" + "\n";
  }
  write_text(folder + "/gradient_snr.jsonl", snr);
  std::filesystem::create_directories(folder + "/images");
  // The smallest PNG there is: one grey pixel.
  write_text(folder + "/images/samples.png",
             raw({0x89, 'P',  'N',  'G',  13,   10,  26,   10,   0,    0,    0,    13,   'I',  'H',
                  'D',  'R',  0,    0,    0,    1,   0,    0,    0,    1,    8,    0,    0,    0,
                  0,    0x3a, 0x7e, 0x9b, 0x55, 0,   0,    0,    10,   'I',  'D',  'A',  'T',  0x78,
                  0x9c, 0x63, 0x68, 0,    0,    0,   0x82, 0,    0x81, 0x77, 0xcd, 0x72, 0xb6, 0,
                  0,    0,    0,    'I',  'E',  'N', 'D',  0xae, 0x42, 0x60, 0x82}));
  write_text(folder + "/images/other.png", "<script>");
  return folder;
}

/// Nothing on it is loaded from anywhere.
void check_self_contained(const std::string& page) {
  std::map<std::string, int> elements = elements_of(page);
  CHECK(elements["script"] == 0);
  CHECK(elements["link"] == 0);
  CHECK(elements["iframe"] == 0);
  for (std::size_t at = page.find("src=\""); at != std::string::npos;
       at = page.find("src=\"", at + 1)) {
    CHECK(page.compare(at + 5, 15, "data:image/png;") == 0);
  }
  for (const char* reference : {"href", "url(", "@import", "https:"}) {
    CAPTURE(reference);
    CHECK(page.find(reference) == std::string::npos);
  }
  CHECK(page.find("nan") == std::string::npos);
}

std::string chromium() {
  for (const char* path :
       {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "";
}

/// What Chromium makes of a page in a window so wide: the document as it then is, and what it says.
Outcome browse(const TempFolder& folder, const std::string& page, int width) {
  const std::string out = folder.path() + "/dom", err = folder.path() + "/console";
  const pid_t child = fork();
  if (child == 0) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    dup2(open(out.c_str(), flags, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), flags, 0600), STDERR_FILENO);
    const std::string program = chromium(),
                      profile = "--user-data-dir=" + folder.path() + "/profile",
                      size = "--window-size=" + std::to_string(width) + ",900",
                      address = "file://" + page;
    execl(program.c_str(), program.c_str(), "--headless", "--no-sandbox", "--disable-gpu",
          "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", "--hide-scrollbars",
          "--enable-logging=stderr", profile.c_str(), size.c_str(), "--dump-dom", address.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_whole(out), read_whole(err)};
}

/// The page with a script that writes into its title how wide the document is and how many cells and
/// tiles have more in them than they have room for, and without the policy that would stop it.
std::string measured(std::string page) {
  const std::size_t policy = page.find("<meta http-equiv");
  page.erase(policy, page.find('>', policy) + 1 - policy);
  page.insert(page.find("</body>"),
              "<script>document.title='width '+document.documentElement.scrollWidth+' of '+"
              "window.innerWidth+', spilt '+[...document.querySelectorAll('.tile,td')].filter("
              "e=>e.scrollWidth>e.clientWidth+1).length</script>");
  return page;
}

void check_in_browser(const TempFolder& folder, const std::string& page) {
  const std::string shown = folder.write("page.html", page);
  const std::string probe = folder.write("probe.html", measured(page));
  for (const int width : {1280, 600}) {
    CAPTURE(width);
    const Outcome plain = browse(folder, shown, width);
    REQUIRE(plain.code == 0);
    CHECK_THAT(plain.err, !contains("CONSOLE"));
    const Outcome with_width = browse(folder, probe, width);
    const std::size_t at = with_width.out.find("<title>width ");
    REQUIRE(at != std::string::npos);
    int document = 0, window = 0, spilt = -1;
    REQUIRE(std::sscanf(with_width.out.c_str() + at, "<title>width %d of %d, spilt %d", &document,
                        &window, &spilt) == 3);
    CHECK(window == width);
    CHECK(document <= window);
    CHECK(spilt == 0);
  }
}

}  // namespace

TEST_CASE("page: one run, with all that it logged") {
  const TempFolder folder;
  const std::string run = full_run(folder.path() + "/r", "nell + 4*div", 1);
  const std::string page = html_report(find_runs({run}).runs[0]);
  check_self_contained(page);
  // objective, elbo, nell, div, weights, rate, ledger, gradients; those cut off have an inner one.
  const auto titles = [&](const char* title) {
    return page.find(fmt::format(">{}</text>", title));
  };
  for (const char* title :
       {"Objective, as a gain", "elbo", "nell", "div", "Weights of the schedules", "Learning rate",
        "Ledger of the test examples", "Gradients"}) {
    CAPTURE(title);
    CHECK(titles(title) != std::string::npos);
  }
  CHECK_THAT(page, contains("unit 2: KL 0.0030, collapsed at epoch 9"));
  CHECK_THAT(page, contains("1 of 3 collapsed"));
  CHECK_THAT(page, contains("nelbo train --objective &#39;nell + 4*&lt;b&gt;&#39;"));
  CHECK(elements_of(page)["img"] == 1);  // what is no PNG is not shown as one
  CHECK_THAT(page, contains("Ledger after epoch 10") && contains("3.00 \xC2\xB1 0.10"));
  CHECK_THAT(page, contains("warmup(4)</text>") && contains(">floor</text>"));
}

TEST_CASE("page: a run of one epoch has numbers and no plot") {
  const TempFolder folder;
  const std::string run = make_run(folder.path() + "/r", {.lines = {epoch_line(1, 90, 9)}});
  const std::string page = html_report(find_runs({run}).runs[0]);
  check_self_contained(page);
  CHECK(elements_of(page)["svg"] == 0);
  CHECK_THAT(page, contains("\xE2\x88\x92"
                            "99.000") &&
                       contains(">90.000<"));
  make_run(run, {});
  CHECK_THAT(html_report(find_runs({run}).runs[0]), contains("No epoch has ended yet"));
}

TEST_CASE("page: several runs, with what differs marked") {
  const TempFolder folder;
  for (const int beta : {1, 4, 10}) {
    full_run(folder.path() + "/b" + std::to_string(beta), "nell + " + std::to_string(beta) + "*div",
             beta);
  }
  const std::string page = html_report(find_runs({folder.path()}).runs, "beta <1>", {"a note"});
  check_self_contained(page);
  CHECK_THAT(page, contains("3 runs that differ in objective") && contains("beta &lt;1&gt;") &&
                       contains("a note"));
  CHECK_THAT(page, contains("class=\"name tint\" data-label=\"objective\"><span>4*div</span>"));
  for (const char* title :
       {"Rate against distortion, test", "Test elbo", "Test nell", "Test div"}) {
    CAPTURE(title);
    CHECK(page.find(fmt::format(">{}</text>", title)) != std::string::npos);
  }
  CHECK(page.find(">Test objective") ==
        std::string::npos);  // objectives that differ do not compare
  CHECK(elements_of(page)["img"] == 3);
}

TEST_CASE("page: a decoder's own curve and what is infeasible stand beside the encoders' points") {
  const TempFolder folder;
  for (const int beta : {1, 4, 10}) {
    full_run(folder.path() + "/b" + std::to_string(beta), "nell + " + std::to_string(beta) + "*div",
             beta);
  }
  const auto page = [&] { return html_report(find_runs({folder.path()}).runs, "beta", {}); };
  const auto has = [&](const char* text) { return page().find(text) != std::string::npos; };
  CHECK_FALSE(has(": its decoder"));
  CHECK_FALSE(has("infeasible below"));
  // The points are at (10 / beta, 93.5 + beta): one of the curve far off, as where beta is near 0.
  write_text(
      folder.path() + "/b4/rate_distortion.json",
      R"({"examples": 50, "h_data": 98, "curve": [{"beta": 1e-3, "rate": 0.01, "distortion": 900},)"
      R"({"beta": 0.5, "rate": 3, "distortion": 96}, {"beta": 1, "rate": 6, "distortion": 94}]})");
  CHECK(has("4*div: its decoder, 50 examples"));
  CHECK(has("infeasible below: rate + distortion &lt; H_data"));
  CHECK_FALSE(has(">900<"));
  check_self_contained(page());
  write_text(folder.path() + "/b4/rate_distortion.json", "{");
  const FoundRuns damaged = find_runs({folder.path()});
  REQUIRE(damaged.notes.size() == 1);
  CHECK_THAT(damaged.notes[0], contains("rate_distortion.json"));
  CHECK(damaged.runs.size() == 3);
}

TEST_CASE("page: what was found of a run that went on since is left out, with a note") {
  const TempFolder folder;
  const std::string run = full_run(folder.path() + "/r", "nell + div", 1);
  nlohmann::ordered_json record = read_json_object(run + "/run.json");
  record["steps"] = 1200;
  write_text(run + "/run.json", record.dump());
  const nlohmann::ordered_json found{{"curve", nlohmann::ordered_json::array()},
                                     {"metrics", {{"mig", {{"value", 0.5}}}}},
                                     {"n", 9}};
  const std::string curve = run + "/rate_distortion.json", codes = run + "/disentanglement.json";
  REQUIRE(keep_found(run, curve, found));
  REQUIRE(keep_found(run, codes, found));
  FoundRuns now = find_runs({run});
  CHECK(now.notes.empty());
  CHECK(now.runs[0].curve["steps"] == 1200);
  CHECK_THAT(html_report(now.runs[0]), contains("nelbo disentangle, of 9 points"));
  record["steps"] = 2400;
  write_text(run + "/run.json", record.dump());
  now = find_runs({run});
  REQUIRE(now.notes.size() == 2);
  CHECK(now.notes[0] == curve + ": is of 1200 steps, and the run has 2400 now; it is left out");
  CHECK_THAT(html_report(now.runs[0]), !contains("nelbo disentangle, of"));
}

TEST_CASE("page: several runs begin with the conclusion") {
  const TempFolder folder;
  for (const int beta : {1, 4, 10}) {
    full_run(folder.path() + "/b" + std::to_string(beta), "nell + " + std::to_string(beta) + "*div",
             beta);
  }
  // nell 90 + beta + 500 / 144 and div 10 / beta: 4*div has the highest elbo, -(97.472 + 2.5).
  const std::string page = html_report(find_runs({folder.path()}).runs, "beta", {});
  const std::size_t found = page.find(
      "Highest test elbo: <b>\xE2\x88\x92"
      "99.97</b> nats per datum, of <b>4*div</b>.");
  REQUIRE(found != std::string::npos);
  CHECK(found < page.find("<table"));
  CHECK_THAT(page, contains("a lower bound on log p(x)"));
}

TEST_CASE("page: a ledger says what its terms are, and of rounding 0") {
  const TempFolder folder;
  const std::string ledger =
      R"x(, "ledger": {"count": 50, "terms": {"div(mc)": {"value": 3, "se": 0.1},)x"
      R"( "pf": {"value": -3.5e-7, "se": 1.2e-7}, "h_data": {"value": 2, "se": 0}}})";
  const std::string run = make_run(folder.path() + "/r", {.lines = {epoch_line(1, 90, 9, ledger)}});
  const std::string page = html_report(find_runs({run}).runs[0]);
  CHECK_THAT(page, contains("E KL(Q(Z|x) || P0), mean over samples"));
  CHECK_THAT(page, contains("entropy of the examples") && contains("<span>0.000</span>"));
  CHECK_THAT(page, !contains("e-07"));
}

TEST_CASE("page: of two settings colours tell one, marks and strokes the other") {
  const std::vector<Difference> differs = {{"objective", {"1", "1", "1", "4", "4", "4"}},
                                           {"lr", {"a", "b", "c", "a", "b", "c"}}};
  std::vector<SeedGroup> groups;
  for (std::size_t i = 0; i < 6; ++i) groups.push_back({"", {i}});
  const GroupStyles look = group_styles(groups, differs);
  CHECK(look.key == "Colours tell objective, marks and strokes lr.");
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    CHECK(look.styles[i].color == i / 3);
    CHECK(look.styles[i].mark == i % 3);
    CHECK(int(look.styles[i].stroke) == int(i % 3));
  }
  // Four rates and two objectives: strokes tell the objectives.
  const std::vector<Difference> wide = {{"objective", {"1", "1", "1", "1", "4", "4"}},
                                        {"lr", {"a", "b", "c", "d", "a", "b"}}};
  CHECK(group_styles(groups, wide).key == "Colours tell lr, marks and strokes objective.");
  // One setting: each a colour of its own, and no rule to tell.
  const GroupStyles plain = group_styles(groups, {differs[0]});
  CHECK(plain.key.empty());
  for (std::size_t i = 0; i < 6; ++i) CHECK(plain.styles[i].color == i);
}

TEST_CASE("page: a browser shows it whole, and has nothing to say") {
  if (chromium().empty()) {
    WARN("skipped: Chromium is not here");
    return;
  }
  const TempFolder folder;
  const std::string long_name = "a-name-that-is-so-long-that-it-would-widen-any-table-it-stands-in";
  full_run(folder.path() + "/" + long_name, "nell + 1*div", 1);
  for (const int beta : {4, 10}) {
    full_run(folder.path() + "/01_learning_rate=0.1_b" + std::to_string(beta),
             "nell + " + std::to_string(beta) + "*div", beta);
  }
  const auto runs = find_runs({folder.path()}).runs;
  check_in_browser(folder, html_report(runs, "three"));
  check_in_browser(folder, html_report(runs[0]));
}

TEST_CASE("page: `nelbo report` writes it beside what it is of, and refuses what is no run") {
  const TempFolder folder;
  const std::string a = full_run(folder.path() + "/all/a", "elbo", 1);
  full_run(folder.path() + "/all/b", "nell + 4*div", 4);
  const Outcome one = run_program_binary({"report", a});
  CHECK(one.code == 0);
  CHECK(one.out == "report: " + a + "/report.html\n");
  CHECK_THAT(read_whole(a + "/report.html"), contains("finished</span>"));
  const Outcome all = run_program_binary({"report", folder.path() + "/all"});
  CHECK(all.out == "report: " + folder.path() + "/all/report.html\n");
  CHECK_THAT(read_whole(folder.path() + "/all/report.html"), contains("2 runs that differ in"));
  const Outcome out = run_program_binary({"report", a, folder.path() + "/all/b", "--out", "-"});
  CHECK_THAT(out.out, contains("Runs side by side") && !contains("report: "));
  std::filesystem::create_directories(folder.path() + "/empty");
  const Outcome none = run_program_binary({"report", folder.path() + "/empty"});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, contains("/empty: holds no run"));
  CHECK(run_program_binary({"report"}).code == 2);
}

TEST_CASE("page: training ends by naming the one that it wrote") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder.path() + "/run";
  const Outcome outcome = run_program_binary(command(data, run, {"--epochs", "2"}));
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("report: " + run + "/report.html\n"));
  const std::string page = read_whole(run + "/report.html");
  check_self_contained(page);
  CHECK_THAT(page, contains("finished</span>") && contains("--epochs 2") && contains("unit 1"));
  // The KL that each line lists are the summands of the test's div, on all of its 6 examples.
  for (const auto& line : lines_of(run)) {
    REQUIRE(line["unit_kl"].size() == 2);
    CHECK(line["unit_kl"][0].get<double>() + line["unit_kl"][1].get<double>() ==
          Approx(line["test"]["div"].get<double>()).epsilon(1e-5));
  }
}
