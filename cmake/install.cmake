# cmake --install: libraries, headers, the command, pkg-config files, a package for find_package.
set(installed taut)
if(TARGET taut-media)
	list(APPEND installed taut-media)
endif()
if(TARGET taut-signal)
	list(APPEND installed taut-signal)
endif()
install(TARGETS ${installed} EXPORT taut-targets
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET taut-cli)
	install(TARGETS taut-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES include/taut/taut.h include/taut/drop.h include/taut/loop.h include/taut/trace.h
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
if(TARGET taut-media)
	install(FILES include/taut/media.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
endif()
if(TARGET taut-signal)
	install(FILES include/taut/signal.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
endif()

list(JOIN TAUT_CODECS " " TAUT_CODEC_LIST)

# taut_pkgconfig(NAME DESCRIPTION REQUIRES REQUIRES_PRIVATE)
function(taut_pkgconfig name description requires private)
	set(PC_NAME ${name})
	set(PC_DESCRIPTION ${description})
	set(PC_REQUIRES ${requires})
	set(PC_PRIVATE ${private})
	configure_file(${PROJECT_SOURCE_DIR}/cmake/taut.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
	install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
taut_pkgconfig(taut "A WebRTC stack without sockets, and a loop with them" "" "openssl libsrtp2")
if(TARGET taut-media)
	taut_pkgconfig(taut-media "Opus, VP8, test card and files for taut" "taut" "${TAUT_CODEC_LIST}")
endif()
if(TARGET taut-signal)
	taut_pkgconfig(taut-signal "Signaling relay and room client for taut" "taut" "libwebsockets jansson openssl")
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/taut)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/taut-config.cmake.in
	${CMAKE_BINARY_DIR}/taut-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/taut-config-version.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/taut-config.cmake ${CMAKE_BINARY_DIR}/taut-config-version.cmake
	DESTINATION ${package_dir})
install(EXPORT taut-targets NAMESPACE taut:: DESTINATION ${package_dir})
