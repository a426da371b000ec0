// The main function of every room's unit tests (cmake/SluiceRoom.cmake).

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  // Made before there are threads, as the programs do: the library is not built under
  // ThreadSanitizer, which so cannot see that the first thread to log makes it for the others.
  spdlog::default_logger_raw();
  return RUN_ALL_TESTS();
}
