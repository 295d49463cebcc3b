#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "node/runtime/command_line.h"

namespace {

using namespace migrate::runtime;
using Words = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(command_line)

struct Line {
  const char* name;
  Words arguments;
  std::string command;
  std::size_t globals;
  std::string root = {};
  std::string log = {};
  LogFormat format = LogFormat::text;
  friend std::ostream& operator<<(std::ostream& out, const Line& line) { return out << line.name; }
};

const std::vector<Line> kLines{
    {"nothing", {}, "", 0},
    {"only an option", {"--version"}, "", 1},
    {"a bare command", {"state", "id"}, "state", 0},
    {"containerd's form",
     {"--root", "/run/containerd/runc/k8s.io", "--log", "/b/log.json", "--log-format", "json", "create", "--bundle",
      "/b", "id"},
     "create",
     6,
     "/run/containerd/runc/k8s.io",
     "/b/log.json",
     LogFormat::json},
    {"values after an equals sign",
     {"--root=/r", "--log=/l", "--log-format=json", "start", "id"},
     "start",
     3,
     "/r",
     "/l",
     LogFormat::json},
    {"one dash", {"-root", "/r", "-log=/l", "kill", "id"}, "kill", 3, "/r", "/l"},
    {"switches take no value", {"--systemd-cgroup", "--debug", "create", "id"}, "create", 2},
    {"a switch with a value", {"--debug=true", "create", "id"}, "create", 1},
    {"rootless takes a value", {"--rootless", "auto", "create", "id"}, "create", 2},
    {"criu takes a value", {"--criu", "/usr/sbin/criu", "create", "id"}, "create", 2},
    {"a value that is a command's name", {"--root", "create", "delete", "id"}, "delete", 2, "create"},
    {"an unknown switch before a command", {"--shiny", "create", "id"}, "create", 1},
    {"an unknown option with a value", {"--shiny", "very", "create", "id"}, "create", 2},
    {"an unknown option with =", {"--shiny=very", "update", "id"}, "update", 1},
    {"the end of options", {"--root", "/r", "--", "create", "id"}, "create", 3, "/r"},
    {"an option that lacks its value", {"--root"}, "", 1},
    {"the last of two roots", {"--root", "/a", "--root", "/b", "list"}, "list", 4, "/b"},
};

BOOST_DATA_TEST_CASE(finds_the_command_and_keeps_every_word, boost::unit_test::data::make(kLines), expected) {
  const CommandLine line = parse_command_line(expected.arguments);
  BOOST_TEST(line.command == expected.command);
  BOOST_TEST(line.globals.size() == expected.globals);
  BOOST_TEST(line.root == expected.root);
  BOOST_TEST(line.log == expected.log);
  BOOST_TEST((line.log_format == expected.format));
  Words together = line.globals;
  if (!line.command.empty()) together.push_back(line.command);
  together.insert(together.end(), line.rest.begin(), line.rest.end());
  BOOST_TEST(together == expected.arguments, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(create_of_containerd_is_understood_whole) {
  const auto create = parse_create({"--bundle", "/b", "--pid-file", "/b/init.pid", "--console-socket", "/s",
                                    "--no-pivot", "--no-new-keyring", "id"});
  BOOST_TEST(create.bundle == "/b");
  BOOST_TEST(create.pid_file == "/b/init.pid");
  BOOST_TEST(create.console_socket == "/s");
  BOOST_TEST(create.no_pivot);
  BOOST_TEST(create.id == "id");
  BOOST_TEST(create.no_restore == "");
}

BOOST_AUTO_TEST_CASE(create_knows_short_forms_equals_signs_and_defaults) {
  BOOST_TEST(parse_create({"-b", "/b", "id"}).bundle == "/b");
  BOOST_TEST(parse_create({"--bundle=/b", "--pid-file=/p", "id"}).pid_file == "/p");
  BOOST_TEST(parse_create({"id"}).bundle == ".");
  BOOST_TEST(!parse_create({"--no-pivot=false", "id"}).no_pivot);
  BOOST_TEST(parse_create({"--preserve-fds", "0", "id"}).no_restore == "");
  BOOST_TEST(parse_create({"--", "id"}).id == "id");
}

struct Unrestorable {
  Words words;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Unrestorable& create) { return out << create.says; }
};

const std::vector<Unrestorable> kUnrestorable{
    {{"--bundle", "/b", "--shiny", "id"}, "--shiny"},
    {{"--bundle", "/b", "--shiny", "very", "id"}, "--shiny"},
    {{"--bundle", "/b", "--preserve-fds", "2", "id"}, "--preserve-fds"},
    {{"--bundle", "/b", "--pidfd-socket", "/s", "id"}, "--pidfd-socket"},
    {{"--bundle", "/b", "--config", "/c", "id"}, "--config"},
    {{"--bundle", "/b"}, "got 0"},
    {{"--bundle", "/b", "one", "two"}, "got 2"},
    {{"--bundle", "/b", "../../etc"}, "not a container id"},
};

BOOST_DATA_TEST_CASE(create_that_restore_cannot_do_says_why_and_still_finds_the_bundle,
                     boost::unit_test::data::make(kUnrestorable), bad) {
  const auto create = parse_create(bad.words);
  BOOST_TEST(create.no_restore.find(bad.says) != std::string::npos, create.no_restore);
  BOOST_TEST(create.bundle == "/b");
}

BOOST_AUTO_TEST_CASE(restore_gets_the_globals_unchanged_and_what_create_was_given) {
  const auto line = parse_command_line({"--root=/r", "--shiny", "--log", "/l", "create", "--bundle", "/b", "--pid-file",
                                        "/p", "--console-socket", "/s", "--no-pivot", "--no-new-keyring", "id"});
  const auto words = restore_words(line, parse_create(line.rest), {"/a/checkpoint", "/a/work"});
  const Words expected{"--root=/r",    "--shiny",       "--log",       "/l",         "restore",
                       "--detach",     "--bundle",      "/b",          "--pid-file", "/p",
                       "--image-path", "/a/checkpoint", "--work-path", "/a/work",    "--console-socket",
                       "/s",           "--no-pivot",    "id"};
  BOOST_TEST(words == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_id_is_never_a_path) {
  for (const char* good : {"a", "0f3c", "k8s_app-1.2+x"})
    BOOST_TEST(is_container_id(good), good);
  for (const char* bad : {"", ".", "..", "a/b", "-x", "a b"})
    BOOST_TEST(!is_container_id(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
