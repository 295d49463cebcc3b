#include "shared/base/bytes_text.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace migrate;

BOOST_AUTO_TEST_SUITE(sizes)

BOOST_AUTO_TEST_CASE(have_the_unit_that_fits) {
  BOOST_TEST(bytes_text({512}) == "512 B");
  BOOST_TEST(bytes_text({1'536}) == "1.5 KiB");
  BOOST_TEST(bytes_text(104_MiB) == "104.0 MiB");
  BOOST_TEST(bytes_text({3ULL << 40}) == "3.0 TiB");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
