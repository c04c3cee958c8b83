"""Entrer dans son livret, et en sortir : deux codes, une visite courte, rien à qui se trompe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jalon.documents.models import Envoi
from jalon.passeport.acces import empreinte_du_code
from jalon.passeport.models import AccesPersonnel
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Personne
from jalon.socle.errors import JalonError
from jalon.traces.models import Acte
from jalon.web.lien import limite
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.passeport.aides import auteur, code_recu, entree, joignable, un_acces


@pytest.fixture(autouse=True)
def _sans_compteurs() -> None:
    cache.clear()


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    organisme = distribution.partenaire.affectations.get().organisme
    return joignable(une_allocataire(territoire=distribution.territoire, prenom="ELODIE", accompagnee_par=organisme))


@pytest.fixture
def acces(distribution: Distribution, personne: Personne) -> tuple[AccesPersonnel, str]:
    return un_acces(distribution, personne)


def test_deux_codes_ouvrent_le_livret(personne: Personne, acces: Any) -> None:
    client = entree(personne, acces[1])
    page = client.get("/livret/accueil/")
    assert page.status_code == 200
    assert "Bonjour Elodie" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert "noindex" in page["X-Robots-Tag"]


def test_la_base_ne_garde_que_l_empreinte_du_code(acces: Any) -> None:
    ouvert, code = acces
    assert len(code.replace("-", "")) == 12
    assert code.replace("-", "") not in ouvert.empreinte
    assert ouvert.empreinte == empreinte_du_code(code.lower().replace("-", " "))


def test_le_code_seul_n_ouvre_rien(acces: Any) -> None:
    client = Client()
    client.post("/livret/", {"code": acces[1]})
    assert client.get("/livret/accueil/").status_code == 302


def test_refuse_un_code_inconnu_sans_rien_envoyer(personne: Personne, acces: Any) -> None:
    page = Client().post("/livret/", {"code": "AAAA-CCCC-DDDD"})
    assert "n’ouvre aucun livret" in page.content.decode()
    assert not Envoi.objects.exists()


def test_refuse_un_code_revoque(distribution: Distribution, acces: Any, connecte: Any) -> None:
    ouvert, code = acces
    adresse = f"/personnes/{ouvert.dossier}/livret/acces/fermer/"
    connecte("partenaire").post(adresse, {"motif": "Papier perdu"})
    assert "n’ouvre aucun livret" in Client().post("/livret/", {"code": code}).content.decode()


def test_refuse_l_acces_une_heure_apres_cinq_codes_faux(personne: Personne, acces: Any) -> None:
    client = Client()
    client.post("/livret/", {"code": acces[1]})
    bon = code_recu(personne)
    faux = "000000" if bon != "000000" else "111111"
    for _ in range(5):
        client.post("/livret/code/", {"code": faux})
    page = client.post("/livret/code/", {"code": bon}).content.decode()
    assert "fermé jusqu&#x27;à" in page or "fermé jusqu'à" in page
    ouvert = AccesPersonnel.objects.get()
    assert ouvert.ferme_jusqu_a is not None
    assert timedelta(minutes=55) < ouvert.ferme_jusqu_a - timezone.now() <= timedelta(hours=1)
    assert Acte.objects.filter(code="passeport.acces.ferme_une_heure").exists()


def test_refuse_une_adresse_d_ou_viennent_vingt_codes_faux(acces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limite, "ENVOIS_PAR_MINUTE", 1_000)
    monkeypatch.setattr(limite, "PAR_MINUTE", 1_000)
    client = Client()
    for _ in range(20):
        client.post("/livret/", {"code": "AAAA-CCCC-DDDD"})
    assert client.post("/livret/", {"code": acces[1]}).status_code == 429


def test_sans_moyen_la_page_dit_d_aller_a_l_accueil_et_l_agent_lit_un_code(
    distribution: Distribution, personne: Personne, acces: Any, connecte: Any
) -> None:
    Coordonnees.objects.filter(personne=personne).update(accepte_sms=False)
    client = Client()
    assert client.post("/livret/", {"code": acces[1]}).status_code == 302
    assert "venez à l’accueil" in client.get("/livret/code/").content.decode()
    adresse = f"/personnes/{personne.public_id}/livret/acces/accueil/"
    assert connecte("partenaire").post(adresse).status_code == 302
    montre = connecte("partenaire").post(adresse, {"identite": "oui"}).content.decode()
    clair = montre.split('livret-grand-code">')[1][:6]
    assert "va vous le lire" in client.get("/livret/code/").content.decode()
    assert client.post("/livret/code/", {"code": clair}).status_code == 302
    assert client.get("/livret/accueil/").status_code == 200


def test_quitter_ferme_la_visite_meme_pour_un_temoin_copie(personne: Personne, acces: Any) -> None:
    client = entree(personne, acces[1])
    copie = Client()
    copie.cookies["jalon_livret"] = client.cookies["jalon_livret"].value
    assert copie.get("/livret/accueil/").status_code == 200
    assert client.post("/livret/quitter/").status_code == 302
    assert client.get("/livret/accueil/").status_code == 302
    assert copie.get("/livret/accueil/").status_code == 302


def test_la_visite_finit_d_elle_meme_et_se_prolonge_par_l_usage(personne: Personne, acces: Any) -> None:
    client = entree(personne, acces[1])
    AccesPersonnel.objects.update(utilise_le=timezone.now() - timedelta(minutes=29))
    assert client.get("/livret/accueil/").status_code == 200
    assert AccesPersonnel.objects.get().utilise_le > timezone.now() - timedelta(minutes=1)
    AccesPersonnel.objects.update(utilise_le=timezone.now() - timedelta(minutes=30))
    assert client.get("/livret/accueil/").status_code == 302


def test_refuse_un_temoin_forge(acces: Any) -> None:
    client = Client()
    client.cookies["jalon_livret"] = "n-importe:quoi:du-tout"
    assert client.get("/livret/accueil/").status_code == 302


def test_remplacer_le_papier_ferme_l_ancien_code_et_la_visite(
    distribution: Distribution, personne: Personne, acces: Any, connecte: Any
) -> None:
    client = entree(personne, acces[1])
    page = connecte("partenaire").post(
        f"/personnes/{personne.public_id}/livret/acces/", {"remplacer": "oui", "motif": "Papier perdu"}
    )
    assert "livret-grand-code" in page.content.decode()
    assert "http://testserver/livret/" in page.content.decode()
    assert client.get("/livret/accueil/").status_code == 302
    assert "n’ouvre aucun livret" in Client().post("/livret/", {"code": acces[1]}).content.decode()


def test_la_feuille_ne_s_imprime_que_sur_le_code_montre(
    distribution: Distribution, personne: Personne, acces: Any, connecte: Any
) -> None:
    adresse = f"/personnes/{personne.public_id}/livret/acces/lettre/"
    feuille = connecte("partenaire").post(adresse, {"code": acces[1]})
    assert feuille.content.startswith(b"%PDF")
    assert connecte("partenaire").post(adresse, {"code": "AAAA-CCCC-DDDD"}).status_code == 302


def test_refuse_un_second_acces(distribution: Distribution, personne: Personne, acces: Any) -> None:
    with pytest.raises(JalonError, match="déjà un accès"):
        un_acces(distribution, personne)


def test_un_agent_connecte_entre_dans_le_livret_comme_la_personne_et_ne_lit_qu_elle(
    distribution: Distribution, personne: Personne, acces: Any, connecte: Any
) -> None:
    """Sur l'ordinateur de l'accueil : les droits de l'agent ne comptent plus dans ces pages."""
    client = connecte("siege")
    client.post("/livret/", {"code": acces[1]})
    client.post("/livret/code/", {"code": code_recu(personne)})
    assert client.get("/livret/accueil/").status_code == 200
    assert auteur(distribution.siege)["perimetre"].tout
