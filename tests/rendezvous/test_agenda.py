"""L'agenda d'un référent : plages, créneaux libres, temps pris, semaine, adresse secrète."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent, DesignationReferent
from jalon.rendezvous.agenda import acceder_agenda, creneaux_libres, est_ferie, fermer_plage, jours_feries, plages_de
from jalon.rendezvous.ical import creer_flux, revoquer_flux
from jalon.rendezvous.models import FluxAgenda, OccupationAgenda
from jalon.rendezvous.rendez_vous import annuler_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.agenda_aides import instant, jour_ouvre, referent, suivie, un_creneau, une_plage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sans_compteur() -> None:
    cache.clear()


def libres(distribution: Distribution, jour: date, **options: Any) -> list[str]:
    trouves = creneaux_libres(distribution.partenaire, du=jour, au=jour, **options)
    return [f"{timezone.localtime(c.debut):%H:%M}" for c in trouves]


class TestJoursFeries:
    def test_les_onze_jours_de_2026(self) -> None:
        mobiles = {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)}
        assert len(jours_feries(2026)) == 11
        assert mobiles < jours_feries(2026)

    def test_le_onze_novembre_en_est_le_douze_n_en_est_pas(self) -> None:
        assert [est_ferie(date(2026, 11, jour)) for jour in (11, 12)] == [True, False]


class TestPlages:
    def test_se_decoupe_en_creneaux(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        assert libres(distribution, jour) == ["09:00", "09:45", "10:30", "11:15"]

    def test_une_duree_demandee_redecoupe(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        assert libres(distribution, jour, duree=60) == ["09:00", "10:00", "11:00"]

    def test_refuse_deux_plages_qui_se_chevauchent(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        with pytest.raises(JalonError, match="déjà ouverte"):
            une_plage(distribution, jour, debut=time(11), fin=time(13))

    def test_deux_plages_bout_a_bout_se_suivent(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        une_plage(distribution, jour, debut=time(12), fin=time(13))
        assert libres(distribution, jour)[-1] == "12:00"

    def test_refuse_une_plage_trop_courte_pour_un_rendez_vous(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="allongez la plage"):
            une_plage(distribution, jour_ouvre(), fin=time(9, 30))

    def test_refuse_sur_place_sans_lieu(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="a un lieu"):
            une_plage(distribution, jour_ouvre(), lieu="")

    def test_refuse_l_organisme_d_un_autre(self, distribution: Distribution) -> None:
        with pytest.raises(HorsPerimetreError):
            une_plage(distribution, jour_ouvre(), organisme=distribution.organisme("departement"))

    def test_fermee_elle_n_ouvre_plus_rien(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        plage = une_plage(distribution, jour)
        fermer_plage(plage, **referent(distribution))
        assert libres(distribution, jour) == []
        assert plages_de(distribution.partenaire, timezone.localdate()) == []
        with pytest.raises(TransitionRefuseeError):
            fermer_plage(plage, **referent(distribution))


class TestCreneauxLibres:
    def test_moins_le_temps_pris(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        creneau = un_creneau(distribution, debut=instant(jour, 9, 30), duree=30)
        fixe = fixer_rendez_vous(suivie(distribution), creneau=creneau, **referent(distribution))
        assert libres(distribution, jour) == ["10:30", "11:15"]
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        assert libres(distribution, jour) == ["09:00", "09:45", "10:30", "11:15"]

    def test_moins_les_absences(self, distribution: Distribution) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        AbsenceAgent.objects.create(
            agent=distribution.partenaire, motif="conges", enregistree_par=distribution.partenaire,
            periode=DateRange(jour, jour + timedelta(days=1)),
        )  # fmt: skip
        assert libres(distribution, jour) == []
        assert libres(distribution, jour + timedelta(days=7)) != []

    def test_moins_les_jours_feries(self, distribution: Distribution) -> None:
        annee = timezone.localdate().year + 1
        ferie = next(j for j in sorted(jours_feries(annee)) if j.isoweekday() <= 5)
        une_plage(distribution, ferie)
        assert libres(distribution, ferie) == []
        assert libres(distribution, ferie + timedelta(days=7)) != []

    def test_trois_lectures_pour_un_mois(self, distribution: Distribution, django_assert_num_queries: Any) -> None:
        une_plage(distribution, jour_ouvre())
        jour = timezone.localdate()
        with django_assert_num_queries(3):
            un = creneaux_libres(distribution.partenaire, du=jour, au=jour + timedelta(days=8))
        with django_assert_num_queries(3):
            quatre = creneaux_libres(distribution.partenaire, du=jour, au=jour + timedelta(days=29))
        assert len(quatre) > len(un) > 0


class TestEcrans:
    def test_ma_semaine_montre_le_rendez_vous_et_les_creneaux(self, distribution: Distribution, connecte: Any) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        personne = suivie(distribution, nom="DUPRE", prenom="CAMILLE")
        fixer_rendez_vous(
            personne,
            creneau=un_creneau(distribution, debut=instant(jour, 9)),
            objet="entretien",
            **referent(distribution),
        )
        page = connecte("partenaire").get(f"/agenda/?semaine={jour:%Y-%m-%d}").content.decode()
        assert "Camille" in page
        assert "Entretien de suivi" in page
        assert "Libre" in page
        assert "09:45" in page

    def test_autant_de_lectures_pour_un_rendez_vous_et_pour_dix(
        self, distribution: Distribution, connecte: Any, django_assert_max_num_queries: Any
    ) -> None:
        client, jour = connecte("partenaire"), jour_ouvre()
        client.get("/agenda/")
        compte = []
        for rang in range(6):
            if rang in (1, 5):
                with django_assert_max_num_queries(60) as lues:
                    client.get(f"/agenda/?semaine={jour:%Y-%m-%d}")
                compte.append(len(lues))
            creneau = un_creneau(distribution, debut=instant(jour, 9 + rang))
            fixer_rendez_vous(suivie(distribution), creneau=creneau, **referent(distribution))
        assert compte[0] == compte[1]

    def test_ouvre_une_plage(self, distribution: Distribution, connecte: Any) -> None:
        donnees = {
            "jour": "1", "debut": "09:00", "fin": "12:00", "duree": "45", "modalite": "sur_place", "lieu": "Bureau 3",
            "organisme": str(distribution.organisme("ccas").public_id), "du": f"{timezone.localdate():%Y-%m-%d}", "au": "",
        }  # fmt: skip
        client = connecte("partenaire")
        page = client.post("/agenda/plages/", donnees, follow=True).content.decode()
        assert "Plage ouverte : lundi, 09:00 à 12:00." in page
        page = client.post("/agenda/plages/", donnees).content.decode()
        assert "déjà ouverte" in page
        assert "Bureau 3" in page

    def test_le_responsable_lit_l_agenda_d_un_agent_de_son_perimetre(
        self, distribution: Distribution, connecte: Any
    ) -> None:
        jour, ccas = jour_ouvre(), distribution.organisme("ccas")
        visible = suivie(distribution, prenom="VISIBLE")
        cachee = une_allocataire(territoire=distribution.autre_territoire, prenom="CACHEE", accompagnee_par=ccas)
        DesignationReferent.objects.create(
            personne=visible, agent=distribution.partenaire, organisme=ccas, periode=DateRange(date(2026, 1, 1), None),
            designe_par=distribution.siege,
        )  # fmt: skip
        for rang, qui in enumerate((visible, cachee)):
            creneau = un_creneau(distribution, debut=instant(jour, 9 + rang))
            fixer_rendez_vous(qui, creneau=creneau, **referent(distribution))
        adresse = f"/agenda/agents/{distribution.partenaire.public_id}/?semaine={jour:%Y-%m-%d}"
        page = connecte("orienteur").get(adresse).content.decode()
        assert "Visible" in page
        assert "Occupé" in page
        assert "cachee" not in page.lower()
        assert connecte("etrangere").get(adresse).status_code == 404

    def test_refuse_l_agenda_de_qui_ne_suit_personne(self, distribution: Distribution, connecte: Any) -> None:
        adresse = f"/agenda/agents/{distribution.lecteur.public_id}/"
        assert connecte("orienteur").get(adresse).status_code == 404

    def test_refuse_l_agenda_d_un_collegue_sans_suivre_sa_charge(self, distribution: Distribution) -> None:
        with pytest.raises(DroitManquantError):
            acceder_agenda(referent(distribution)["perimetre"], distribution.operateur.public_id)


class TestAdresseSecrete:
    def test_dit_les_initiales_et_le_lieu_jamais_le_nom(self, distribution: Distribution) -> None:
        personne = suivie(distribution, nom="DUPRE", prenom="CAMILLE")
        fixer_rendez_vous(personne, creneau=un_creneau(distribution), **referent(distribution))
        _, jeton = creer_flux(distribution.partenaire, **referent(distribution))
        reponse = Client().get(f"/agenda/flux/{jeton}.ics")
        texte = reponse.content.decode()
        assert reponse["Content-Type"].startswith("text/calendar")
        assert "C. D." in texte
        assert "CCAS\\, bureau 3" in texte
        assert "dupre" not in texte.lower()
        assert FluxAgenda.objects.get().lu_le is not None

    def test_un_rendez_vous_annule_en_sort(self, distribution: Distribution) -> None:
        fixe = fixer_rendez_vous(suivie(distribution), creneau=un_creneau(distribution), **referent(distribution))
        _, jeton = creer_flux(distribution.partenaire, **referent(distribution))
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        assert "VEVENT" not in Client().get(f"/agenda/flux/{jeton}.ics").content.decode()

    @pytest.mark.parametrize("fait", ["ferme", "compte", "role"])
    def test_ne_repond_plus(self, distribution: Distribution, fait: str) -> None:
        _, jeton = creer_flux(distribution.partenaire, **referent(distribution))
        if fait == "ferme":
            revoquer_flux(distribution.partenaire, **referent(distribution))
        elif fait == "compte":
            distribution.partenaire.is_active = False
            distribution.partenaire.save()
        else:
            distribution.partenaire.affectations.all().delete()
        assert Client().get(f"/agenda/flux/{jeton}.ics").status_code == 404

    def test_en_ouvrir_une_autre_ferme_la_premiere(self, distribution: Distribution, connecte: Any) -> None:
        _, jeton = creer_flux(distribution.partenaire, **referent(distribution))
        page = connecte("partenaire").post("/agenda/adresse/").content.decode()
        assert "elle ne sera plus montrée" in page
        assert Client().get(f"/agenda/flux/{jeton}.ics").status_code == 404
        nouvelle = page.partition("/agenda/flux/")[2].partition(".ics")[0]
        assert Client().get(f"/agenda/flux/{nouvelle}.ics").status_code == 200


def test_un_temps_pris_ne_dit_pas_avec_qui(distribution: Distribution) -> None:
    fixer_rendez_vous(suivie(distribution), creneau=un_creneau(distribution), **referent(distribution))
    colonnes = {champ.name for champ in OccupationAgenda._meta.fields}
    assert colonnes == {"id", "agent", "source", "periode"}
