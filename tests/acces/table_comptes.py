"""La connexion et « Mon compte »."""

from __future__ import annotations

from tests.acces.regles import acces, connectes, publique

FERMEE = connectes(404)
FERMEE_MEME_AUX_ANONYMES = publique(404)
A_REVERIFIER = connectes(302)

ROUTES = {
    "account_login": connectes(302, anonyme=200),
    "account_logout": connectes(),
    "account_inactive": publique(),
    "account_reauthenticate": connectes(),
    "account_change_password": connectes(),
    "account_reset_password": publique(),
    "account_reset_password_done": publique(),
    "account_reset_password_from_key": publique(objet="lien_perime"),
    "account_reset_password_from_key_done": publique(),
    "account_signup": FERMEE_MEME_AUX_ANONYMES,
    "account_email_verification_sent": FERMEE_MEME_AUX_ANONYMES,
    "account_confirm_email": publique(404, objet="cle_confirmation"),
    "account_confirm_login_code": FERMEE_MEME_AUX_ANONYMES,
    "account_email": FERMEE,
    "account_set_password": FERMEE,
    "usersessions_list": FERMEE,
    "mfa_index": connectes(),
    "mfa_authenticate": connectes(302),
    "mfa_reauthenticate": connectes(302),
    "mfa_activate_totp": A_REVERIFIER,
    "mfa_deactivate_totp": connectes(404),
    "mfa_view_recovery_codes": connectes(404),
    "mfa_generate_recovery_codes": A_REVERIFIER,
    "mfa_download_recovery_codes": connectes(404),
    "mfa_list_webauthn": connectes(),
    "mfa_add_webauthn": A_REVERIFIER,
    "mfa_reauthenticate_webauthn": connectes(302),
    "mfa_remove_webauthn": acces(sinon=302, objet="cle_securite"),
    "mfa_edit_webauthn": acces(sinon=302, objet="cle_securite"),
    "mon_compte": connectes(),
    "sessions": connectes(),
    "second_facteur": connectes(),
}
