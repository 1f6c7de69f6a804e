// What a sweep makes of its grids.
#include "apps/sweep/grid.hpp"
#include "apps/sweep/sweep_plan.hpp"
#include "autodiff/setting_error.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using Words = std::vector<std::string>;

TEST_CASE("grid: values are split at commas outside of brackets, or at bars") {
  CHECK(read_grid("beta=0.1,1,4").name == "beta");
  CHECK(read_grid("beta=0.1,1,4").values == Words{"0.1", "1", "4"});
  CHECK(read_grid("hidden=400,400|200,200").values == Words{"400,400", "200,200"});
  CHECK(read_grid("lr=warmup(1e-3, steps=5),1e-3").values ==
        Words{"warmup(1e-3, steps=5)", "1e-3"});
  CHECK(read_grid("o=iw(m=5)|a=b").values == Words{"iw(m=5)", "a=b"});
  CHECK(read_grid("log-gradient-snr=10").name == "log-gradient-snr");
  for (const char* text :
       {"beta", "=1", "1=2", "a b=1", "beta=", "beta=1,,2", "beta=1,", "beta=1,1", "beta=1||2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read_grid(text), SettingError);
  }
}

TEST_CASE("grid: every combination, the last grid changing first") {
  const auto all = combinations({{"a", {"1", "2"}}, {"b", {"x", "y", "z"}}});
  REQUIRE(all.size() == 6);
  CHECK(all[0] == Combination{{"a", "1"}, {"b", "x"}});
  CHECK(all[1] == Combination{{"a", "1"}, {"b", "y"}});
  CHECK(all[3] == Combination{{"a", "2"}, {"b", "x"}});
  CHECK_THROWS_WITH(combinations({{"a", {"1"}}, {"a", {"2"}}}), contains("has two grids"));
  const std::vector<std::string> thousand(1000, "1");
  CHECK_THROWS_WITH(combinations({{"a", thousand}, {"b", thousand}, {"c", thousand}}),
                    contains("more than 10000 combinations"));
}

TEST_CASE("grid: values go where their names stand, others to the end") {
  const Words words{"train", "--objective", "nell + {beta}*div", "--out-of", "{beta}/{x y}{"};
  CHECK(filled_in(words, {{"beta", "4"}, {"lr", "1e-3"}}) ==
        Words{"train", "--objective", "nell + 4*div", "--out-of", "4/{x y}{", "--lr=1e-3"});
  CHECK_NOTHROW(check_words(words, {{"beta", {"4"}}, {"lr", {"1"}}}));
  CHECK_THROWS_WITH(check_words({"train", "{gamma}"}, {{"beta", {"4"}}}),
                    contains("{gamma} has no grid") && contains("beta"));
  CHECK_THROWS_WITH(check_words({"train", "--lr=1"}, {{"lr", {"4"}}}),
                    contains("--lr is in the command already"));
  CHECK_NOTHROW(check_words({"train", "--lr", "cosine({lr}, 0, steps=5)"}, {{"lr", {"4"}}}));
}

TEST_CASE("sweep: names say what differs, never collide, and stay when the grid grows") {
  const tests::TempFolder folder;
  const Words words{"train", "--objective", "{o}"};
  const auto first = plan_sweep(folder.path(), words, combinations({{"o", {"a/b", "a b", "a;b"}}}));
  REQUIRE(first.size() == 3);
  CHECK(first[0].name == "01_o=a-b");
  CHECK(first[1].name == "02_o=a-b");
  CHECK(first[2].name == "03_o=a-b");
  CHECK(first[2].words == Words{"train", "--objective", "a;b"});
  const auto second = plan_sweep(folder.path(), words,
                                 combinations({{"o", {"new", "a b", std::string(300, 'x')}}}));
  CHECK(second[0].name == "04_o=new");
  CHECK(second[1].name == "02_o=a-b");
  CHECK(second[2].name.size() == 100);
  folder.write("sweep.json", "{\"runs\": [{\"name\": \"../x\", \"words\": []}]}");
  CHECK_THROWS_WITH(plan_sweep(folder.path(), words, {{}}), contains("is no name of a run"));
  // The sweep's own folder: its lock would be waited for without end.
  folder.write("sweep.json", "{\"runs\": [{\"name\": \".\", \"words\": []}]}");
  CHECK_THROWS_WITH(plan_sweep(folder.path(), words, {{}}), contains("is no name of a run"));
  folder.write("sweep.json", R"({"runs": [{"name": "a\u0000b", "words": []}]})");
  CHECK_THROWS_WITH(plan_sweep(folder.path(), words, {{}}), contains("is no name of a run"));
  folder.write("sweep.json", "{\"runs\": 3}");
  CHECK_THROWS_WITH(plan_sweep(folder.path(), words, {{}}), contains("sweep.json"));
}

TEST_CASE("sweep: a folder with anything else in it is refused") {
  const tests::TempFolder folder;
  CHECK_NOTHROW(check_sweep_folder(folder.path() + "/none"));
  CHECK_NOTHROW(check_sweep_folder(folder.path()));
  folder.write("lock", "");
  CHECK_NOTHROW(check_sweep_folder(folder.path()));
  folder.write("config.toml", "");
  CHECK_THROWS_WITH(check_sweep_folder(folder.path()), contains("not the folder of a sweep"));
}
