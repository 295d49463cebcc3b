#include "test/workloads/consumer/memory_block.h"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(memory_block)

BOOST_AUTO_TEST_CASE(is_intact_when_made) {
  const orders::MemoryBlock block{{1U << 20}};
  BOOST_TEST(block.size().count == 1U << 20);
  BOOST_TEST(block.verify());
}

BOOST_AUTO_TEST_CASE(tells_a_single_wrong_bit_anywhere) {
  orders::MemoryBlock block{{1U << 16}};
  for (const std::size_t at : {std::size_t{0}, std::size_t{4095}, block.words().size() - 1}) {
    block.words()[at] ^= 1;
    BOOST_TEST(!block.verify());
    block.words()[at] ^= 1;
    BOOST_TEST(block.verify());
  }
}

BOOST_AUTO_TEST_CASE(tells_a_page_of_zeros_and_a_page_of_another_place) {
  orders::MemoryBlock zeros{{1U << 16}};
  std::fill_n(zeros.words().begin() + 512, 512, 0);
  BOOST_TEST(!zeros.verify());
  orders::MemoryBlock moved{{1U << 16}};
  std::copy_n(moved.words().begin(), 512, moved.words().begin() + 512);
  BOOST_TEST(!moved.verify());
}

BOOST_AUTO_TEST_CASE(may_be_empty) {
  const orders::MemoryBlock block{{0}};
  BOOST_TEST(block.size().count == 0);
  BOOST_TEST(block.verify());
}

BOOST_AUTO_TEST_SUITE_END()
