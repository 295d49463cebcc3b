#include "shared/registry/repository.h"

#include <boost/test/unit_test.hpp>

#include "test/fakes/registry.h"

namespace migrate::registry {
namespace {

using namespace std::chrono_literals;
using Kind = RegistryError::Kind;
using test::FakeRegistry;

struct Fixture {
  FakeRegistry fake;
  std::string user = "pusher";
  std::string password = "secret";
  std::stop_source stop;

  [[nodiscard]] Repository open(std::chrono::milliseconds patience = 20s) {
    return {{fake.repository(), user, password},
            [this](const std::string& base) { return fake.connect(base); },
            {std::chrono::steady_clock::now() + patience, stop.get_token()}};
  }
  static Producer giving(const std::string& bytes, std::size_t piece = 100'000) {
    return [&bytes, piece](const image::ByteSink& sink) -> Result<void> {
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        if (!sink({bytes.data() + at, std::min(piece, bytes.size() - at)})) return failure("the sink had enough");
      return {};
    };
  }
  static Blob blob_of(const std::string& bytes) { return {image::sha256_of(bytes), Bytes{bytes.size()}}; }
};

template <class T>
void good(const RegistryResult<T>& result) {
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
}
template <class T>
void fails(const RegistryResult<T>& result, Kind kind, const std::string& says) {
  BOOST_REQUIRE(!result);
  BOOST_TEST(static_cast<int>(result.error().kind) == static_cast<int>(kind), result.error().message);
  BOOST_TEST(result.error().message.find(says) != std::string::npos, result.error().message);
}

// As a client sends them, 8 MiB each.
std::string three_pieces() {
  std::string bytes;
  bytes.resize(20'000'000, 'm');
  return bytes;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(repository, Fixture)

BOOST_AUTO_TEST_CASE(a_blob_is_pushed_in_pieces_and_fetched_again) {
  const std::string bytes = three_pieces();
  auto repository = open();
  const auto pushed = repository.push_blob(giving(bytes), std::nullopt);
  good(pushed);
  BOOST_TEST(pushed->digest == image::sha256_of(bytes));
  BOOST_TEST(pushed->size.count == bytes.size());
  BOOST_TEST((fake.blobs.at(pushed->digest) == bytes));
  BOOST_TEST(fake.count("PATCH") == 2);
  BOOST_TEST(fake.largest_body <= (8U << 20));
  std::string fetched;
  good(repository.fetch_blob(pushed->digest, [&](std::string_view piece) {
    fetched += piece;
    return true;
  }));
  BOOST_TEST((fetched == bytes));
}

BOOST_AUTO_TEST_CASE(an_empty_blob_is_one_too) {
  const auto pushed = open().push_blob(giving(""), std::nullopt);
  good(pushed);
  BOOST_TEST(fake.blobs.at(pushed->digest).empty());
}

BOOST_AUTO_TEST_CASE(what_is_there_is_not_pushed_again) {
  const std::string bytes = "an archive";
  auto repository = open();
  good(repository.push_blob(giving(bytes), blob_of(bytes)));
  BOOST_TEST(fake.count("POST") == 1);
  int asked = 0;
  good(repository.push_blob(
      [&](const image::ByteSink&) -> Result<void> {
        ++asked;
        return {};
      },
      blob_of(bytes)));
  BOOST_TEST(asked == 0);
  BOOST_TEST(fake.count("POST") == 1);
}

BOOST_AUTO_TEST_CASE(a_manifest_counts_once_its_digest_is_acknowledged) {
  const std::string manifest = R"({"schemaVersion":2})";
  good(open().push_manifest(manifest, image::sha256_of(manifest)));
  BOOST_TEST(fake.count("HEAD") == 0);
  // A registry that names no digest is looked at.
  fake.says_digests = false;
  good(open().push_manifest(manifest, image::sha256_of(manifest)));
  BOOST_TEST(fake.count("HEAD") == 1);
  fails(open().check_manifest("sha256:00"), Kind::refused, "sha256:00: the registry answered 404");
}

BOOST_AUTO_TEST_CASE(credentials_are_shown_when_they_are_asked_for) {
  const std::string bytes = "an archive";
  for (const auto auth : {FakeRegistry::Auth::basic, FakeRegistry::Auth::bearer}) {
    fake.auth = auth;
    fake.requests.clear();
    auto repository = open();
    good(repository.check_push());
    good(repository.push_blob(giving(bytes), std::nullopt));
    BOOST_TEST(fake.count("POST") == 3);  // the first without credentials
  }
  BOOST_TEST(fake.tokens == 1);
}

BOOST_AUTO_TEST_CASE(wrong_credentials_say_so) {
  for (const auto auth : {FakeRegistry::Auth::basic, FakeRegistry::Auth::bearer}) {
    fake.auth = auth;
    password = "guess";
    fails(open().check_push(), Kind::not_let_in, "401 UNAUTHORIZED");
    user.clear();
    fails(open().check_push(), Kind::not_let_in, fake.repository());
    user = "pusher";
  }
  fake.auth = FakeRegistry::Auth::none;
  fake.may_push = false;
  fails(open().check_push(), Kind::not_let_in, "403 DENIED");
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_cut_is_worth_another_try) {
  const std::string bytes = three_pieces();
  fake.cut["PATCH"] = 2;
  fails(open().push_blob(giving(bytes), blob_of(bytes)), Kind::unreachable, "cut off");
  BOOST_TEST(fake.blobs.empty());
  good(open().push_blob(giving(bytes), blob_of(bytes)));
  BOOST_TEST(fake.blobs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_altered_on_its_way_does_not_count) {
  const std::string bytes = "an archive";
  fake.spoils = true;
  fails(open().push_blob(giving(bytes), std::nullopt), Kind::refused, "DIGEST_INVALID");
  BOOST_TEST(fake.blobs.empty());
  fake.spoils = false;
  // Nor what was altered on the disk since it was digested: it is not even finished.
  fails(open().push_blob(giving(bytes), blob_of("another")), Kind::altered, "altered on the disk");
  BOOST_TEST(fake.blobs.empty());
  BOOST_TEST(fake.count("DELETE") == 1);
}

BOOST_AUTO_TEST_CASE(a_source_that_breaks_ends_the_upload) {
  fails(open().push_blob([](const image::ByteSink&) -> Result<void> { return failure("the disk is broken"); },
                         std::nullopt),
        Kind::refused, "the disk is broken");
  BOOST_TEST(fake.count("DELETE") == 1);
}

BOOST_AUTO_TEST_CASE(credentials_do_not_travel_to_where_a_blob_really_is) {
  fake.auth = FakeRegistry::Auth::basic;
  fake.redirects = true;
  const std::string bytes = "an archive";
  fake.blobs[image::sha256_of(bytes)] = bytes;
  std::string fetched;
  good(open().fetch_blob(image::sha256_of(bytes), [&](std::string_view piece) {
    fetched += piece;
    return true;
  }));
  BOOST_TEST(fetched == bytes);
  BOOST_TEST(!fake.leaked);
}

BOOST_AUTO_TEST_CASE(deletion_may_not_be_allowed) {
  const std::string manifest = "{}";
  const std::string digest = image::sha256_of(manifest);
  auto repository = open();
  good(repository.push_manifest(manifest, digest));
  fake.deletes = false;
  const auto kept = repository.remove_manifest(digest);
  good(kept);
  BOOST_TEST(kept->find("405 UNSUPPORTED") != std::string::npos, *kept);
  fake.deletes = true;
  const auto gone = repository.remove_manifest(digest);
  good(gone);
  BOOST_TEST(*gone == "");
  BOOST_TEST(fake.manifests.empty());
}

BOOST_AUTO_TEST_CASE(it_ends_when_nobody_waits_any_more) {
  fails(open(0ms).check_push(), Kind::cancelled, "the time is over");
  stop.request_stop();
  fails(open().check_push(), Kind::cancelled, "cancelled");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::registry
