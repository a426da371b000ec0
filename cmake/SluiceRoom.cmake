# sluice_room(NAME [SHARED_STORE] DEPENDS rooms... LIBRARIES libs...)
#
# A room is one folder of src/ built as one static library. `*_test.cc` beside the code becomes the
# test program NAME_test, `*_bench.cc` the micro-benchmark NAME_bench.
add_custom_target(unit_tests)
# RapidCheck's macros trip -Wpedantic's variadic rule; tests name only the fields that matter.
add_library(sluice_test_options INTERFACE)
target_compile_options(sluice_test_options INTERFACE -Wno-gnu-zero-variadic-macro-arguments
                       -Wno-missing-designated-field-initializers)
if(SLUICE_TESTS)
  add_library(sluice_unit_main OBJECT ${CMAKE_SOURCE_DIR}/tests/unit_main.cc)
  target_link_libraries(sluice_unit_main PUBLIC GTest::gmock spdlog::spdlog)
endif()
include(SluicePch)
function(sluice_room name)
  cmake_parse_arguments(ROOM "SHARED_STORE" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

  if(sources)
    add_library(sluice_${name} STATIC ${sources})
    use_precompiled(sluice_${name} sluice_pch)
    set(scope PUBLIC)
  else()
    add_library(sluice_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(sluice_${name} ${scope} sluice_options ${ROOM_LIBRARIES})
  foreach(dep ${ROOM_DEPENDS})
    target_link_libraries(sluice_${name} ${scope} sluice_${dep})
  endforeach()

  if(tests AND SLUICE_TESTS AND (NOT SLUICE_TEST_ROOMS OR name IN_LIST SLUICE_TEST_ROOMS))
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE sluice_${name} sluice_unit_main rapidcheck rapidcheck_gtest
                          sluice_test_options)
    # Tests run once: optimising them would take longer than they do, twice as long under sanitizers.
    target_compile_options(${name}_test PRIVATE -O0)
    use_precompiled(${name}_test sluice_test_pch)
    include(GoogleTest)
    # Tests on a PostgreSQL of their own (store/test_store.h) share one: they run in one process.
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 TEST_FILTER -Shared*
                         PROPERTIES LABELS unit TIMEOUT 300)
    if(ROOM_SHARED_STORE)
      add_test(NAME ${name}.shared_store COMMAND ${name}_test --gtest_filter=Shared*)
      set_tests_properties(${name}.shared_store PROPERTIES LABELS unit TIMEOUT 600)
    endif()
    add_dependencies(unit_tests ${name}_test)
  endif()
  if(benches AND SLUICE_BENCH)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE sluice_${name} benchmark::benchmark_main)
  endif()
endfunction()
