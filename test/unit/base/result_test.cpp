#include "shared/base/result.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "shared/base/main.h"
#include "shared/base/units.h"
#include "test/temporary_folder.h"

namespace {

using namespace migrate;

// What `body` makes run_main print on stderr, and what it returns.
struct Run {
  int code = 0;
  std::string printed;
};

Run run(const std::function<int()>& body) {
  const test::TemporaryFolder temporary;
  std::fflush(stderr);
  const int before = ::dup(STDERR_FILENO);
  std::FILE* file = std::fopen((temporary / "stderr").c_str(), "w");
  ::dup2(::fileno(file), STDERR_FILENO);
  Run result;
  result.code = run_main("program", body);
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::fclose(file);
  result.printed = test::read_text(temporary / "stderr");
  return result;
}

Result<std::string> greet(bool works) {
  if (!works) return failure("no such person");
  return std::string("hello");
}

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(an_error_gains_its_attempts_in_front_as_it_travels_up) {
  const Error error = Error{"No such file or directory"}.within("open /x").within("read kubeconfig");
  BOOST_TEST(error.message == "read kubeconfig: open /x: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_failure_converts_into_any_result) {
  BOOST_TEST(greet(false).error().message == "no such person");
  const Result<void> nothing = failure("no");
  BOOST_TEST(nothing.error().message == "no");
  BOOST_TEST(greet(true).value() == "hello");
}

BOOST_AUTO_TEST_CASE(a_lookup_tells_absent_from_broken) {
  const Lookup<int> there = std::optional<int>{7};
  const Lookup<int> absent = std::optional<int>{};
  const Lookup<int> broken = failure("could not look");
  BOOST_TEST((there && there->has_value()));
  BOOST_TEST((absent && !absent->has_value()));
  BOOST_TEST(!broken);
}

BOOST_AUTO_TEST_CASE(value_or_fatal_gives_the_value_or_throws_the_message) {
  BOOST_TEST(value_or_fatal(greet(true)) == "hello");
  BOOST_CHECK_NO_THROW(value_or_fatal(Result<void>{}));
  BOOST_CHECK_EXCEPTION(value_or_fatal(greet(false)), Fatal, [](const Fatal& fatal) {
    return fatal.what() == std::string("no such person") && fatal.exit_code() == 1;
  });
  BOOST_CHECK_THROW(value_or_fatal(Result<void>{failure("no")}), Fatal);
}

BOOST_AUTO_TEST_CASE(value_or_fatal_moves_what_cannot_be_copied) {
  BOOST_TEST(*value_or_fatal(Result<std::unique_ptr<int>>{std::make_unique<int>(7)}) == 7);
}

BOOST_AUTO_TEST_CASE(main_returns_what_its_body_returns_and_prints_nothing) {
  const Run ran = run([] { return 3; });
  BOOST_TEST(ran.code == 3);
  BOOST_TEST(ran.printed == "");
}

BOOST_AUTO_TEST_CASE(main_prints_a_fatal_and_returns_its_exit_code) {
  const Run ran = run([]() -> int { throw Fatal("no cluster", 5); });
  BOOST_TEST(ran.code == 5);
  BOOST_TEST(ran.printed == "program: error: no cluster\n");
}

BOOST_AUTO_TEST_CASE(main_prints_any_other_exception_and_returns_1) {
  const Run standard = run([]() -> int { throw std::runtime_error("unforeseen"); });
  BOOST_TEST(standard.code == 1);
  BOOST_TEST(standard.printed == "program: error: unforeseen\n");
  const Run strange = run([]() -> int { throw 7; });  // NOLINT(hicpp-exception-baseclass): that is the case
  BOOST_TEST(strange.code == 1);
  BOOST_TEST(strange.printed.rfind("program: error: ", 0) == 0U, strange.printed);
}

BOOST_AUTO_TEST_CASE(main_makes_a_write_to_a_closed_pipe_an_error_not_a_death) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  const Run ran = run([] {
    int ends[2];
    if (::pipe(ends) != 0) return 1;
    ::close(ends[0]);
    const bool refused = ::write(ends[1], "x", 1) < 0 && errno == EPIPE;
    ::close(ends[1]);
    return refused ? 0 : 2;
  });
  std::signal(SIGPIPE, before);
  BOOST_TEST(ran.code == 0);
}

BOOST_AUTO_TEST_CASE(sizes_are_powers_of_two_and_compare) {
  BOOST_TEST((2_KiB).count == 2048U);
  BOOST_TEST((1_MiB).count == 1048576U);
  BOOST_TEST((1_KiB + 1_KiB == 2_KiB));
  BOOST_TEST((1_KiB < 1_MiB));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
