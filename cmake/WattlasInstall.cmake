# cmake --install and find_package(wattlas): headers of all modules below include/wattlas, data below
# share/wattlas.
include(CMakePackageConfigHelpers)
get_property(modules GLOBAL PROPERTY WATTLAS_MODULES)
install(TARGETS ${modules} EXPORT wattlasTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT wattlasTargets NAMESPACE wattlas:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wattlas)
foreach(module models workloads pim fpga gpu results explorer)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${module} DESTINATION include/wattlas
          FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION share/wattlas)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/workloads/library DESTINATION share/wattlas/workloads)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/wattlasConfig.cmake.in
  ${PROJECT_BINARY_DIR}/wattlasConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wattlas)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wattlasConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wattlasConfig.cmake
              ${PROJECT_BINARY_DIR}/wattlasConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/wattlas)
