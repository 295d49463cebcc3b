#include "shared/log/log.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "shared/base/time.h"

namespace {

using namespace migrate;
using Json = nlohmann::json;

// What is written to stderr while it lives.
class CapturedStderr {
 public:
  CapturedStderr() : file_(std::tmpfile()), kept_(::dup(STDERR_FILENO)) { ::dup2(::fileno(file_), STDERR_FILENO); }
  ~CapturedStderr() {
    restore();
    std::fclose(file_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::vector<std::string> lines() {
    restore();
    std::rewind(file_);
    std::string text;
    for (int c = 0; (c = std::fgetc(file_)) != EOF;)
      text += static_cast<char>(c);
    std::vector<std::string> all;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);)
      all.push_back(line);
    return all;
  }

 private:
  void restore() {
    if (kept_ < 0) return;
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    kept_ = -1;
  }

  std::FILE* file_;
  int kept_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(logs)

BOOST_AUTO_TEST_CASE(a_line_is_one_JSON_object_with_time_level_program_message_and_fields_in_this_order) {
  CapturedStderr captured;
  JsonLog log{"migrate-agent"};
  log.warn("a \"quoted\"\nmessage", {{"migration", "u-1"}, {"step", "Freezing"}});
  const auto lines = captured.lines();
  BOOST_REQUIRE(lines.size() == 1U);
  const std::string& line = lines.front();
  BOOST_TEST(line.find(R"(","level":"warning","program":"migrate-agent","message":"a \"quoted\"\nmessage",)"
                       R"("migration":"u-1","step":"Freezing"})") != std::string::npos,
             line);
  const Json parsed = Json::parse(line);
  const auto time = parsed["time"].get<std::string>();
  BOOST_TEST(time.size() == std::string("2026-01-02T03:04:05.000001Z").size());
  BOOST_TEST(parse_rfc3339(time).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_below_the_least_level_is_left_out) {
  CapturedStderr captured;
  JsonLog log{"p", LogLevel::warning};
  log.write(LogLevel::debug, "1", {});
  log.info("2");
  log.warn("3");
  log.error("4");
  BOOST_TEST(captured.lines().size() == 2U);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_UTF8_and_fields_with_our_names_do_no_harm) {
  CapturedStderr captured;
  JsonLog log{"p"};
  log.info("a\xff{}%v", {{"level", "error"}, {"x", "\xc3"}});
  const auto lines = captured.lines();
  BOOST_REQUIRE(lines.size() == 1U);
  const Json line = Json::parse(lines.front());
  BOOST_TEST(line["level"] == "info");
  BOOST_TEST(line["message"] == "a\xef\xbf\xbd{}%v");
  BOOST_TEST(line["x"] == "\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(lines_of_several_threads_do_not_mix) {
  CapturedStderr captured;
  JsonLog log{"p"};
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&log] {
        for (int n = 0; n < 50; ++n)
          log.info(std::string(300, 'x'));
      });
  }
  const auto lines = captured.lines();
  BOOST_TEST(lines.size() == 200U);
  for (const std::string& line : lines)
    BOOST_TEST(Json::accept(line), line);
}

BOOST_AUTO_TEST_SUITE_END()
