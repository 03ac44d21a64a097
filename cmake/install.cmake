# make install, pkg-config and find_package.
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
install(DIRECTORY include/taut DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
