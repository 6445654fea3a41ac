from cove.spec import certificates


def test_the_image_that_carries_the_bundle_puts_it_where_the_variables_point() -> None:
    text = certificates.render_certificates_image()
    assert text == "FROM scratch\nCOPY ca.pem /run/cove-ca/ca.pem\n"
    assert certificates.CERTIFICATES_AT == "/run/cove-ca/ca.pem"


def test_no_variable_is_said_twice() -> None:
    names = (*certificates.CERTIFICATE_VARIABLES, *certificates.PROXY_VARIABLES)
    assert len(set(names)) == len(names)
    assert {
        "SSL_CERT_FILE",
        "PIP_CERT",
        "NODE_EXTRA_CA_CERTS",
        "GIT_SSL_CAINFO",
        "REQUESTS_CA_BUNDLE",
    } <= set(names)
    assert all(name.lower() in names for name in certificates.PROXY_VARIABLES)
