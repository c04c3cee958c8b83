"""Premier contact : une page, la personne d'abord cherchée, la saisie gardée à mesure (F017)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jalon.droits import instruction
from jalon.droits.demandes import BrouillonInstruction, DemandeInstruction, ResultatTest
from jalon.droits.lieux import charges
from jalon.droits.selectors import demandes
from jalon.droits.services import (
    deposer_demande,
    garder_brouillon,
    jeter_brouillon,
    noter_information,
    noter_simulation,
)
from jalon.personnes.creation import DoublonPossibleError, creer_personne, territoire_de
from jalon.personnes.models import Personne
from jalon.personnes.recherche import chercher, lire_requete
from jalon.personnes.selectors import acceder_personne
from jalon.personnes.services import mettre_a_jour_coordonnees
from jalon.referentiels.models import Commune
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.accueil.selectors import resultats
from jalon.web.instruction.commun import noter, ouvrir_personne
from jalon.web.instruction.forms import (
    DepotForm,
    IdentiteForm,
    JoindreForm,
    communes_du_departement,
    lire_soumise,
    relire,
    sans_secret,
)
from jalon.web.socle.acces import exige

DROIT = "instruction.saisir"
ECRAN = "premier contact"


@exige(DROIT)
@sensitive_post_parameters("nir")
@require_http_methods(["GET", "POST"])
def saisir(request: HttpRequest) -> HttpResponse:
    """Une page pour tout le premier contact ; `actualiser` garde la saisie et revoit la proposition."""
    page = PageSaisie(request)
    if request.method == "POST":
        if "actualiser" in request.POST:
            garder_brouillon(sans_secret(request.POST), acteur=request.user)
            return page.rendre()
        return page.enregistrer()
    return page.rendre()


@exige(DROIT)
@require_POST
def effacer(request: HttpRequest) -> HttpResponse:
    """Jette la saisie gardée."""
    jeter_brouillon(acteur=request.user)
    messages.success(request, "Saisie effacée.")
    return redirect("instruction_saisir")


class PageSaisie:
    """Les formulaires de la page, remplis de ce qui est envoyé, de ce qui est gardé, ou de rien."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.perimetre = request.perimetre
        self.donnees = instruction.reglage()
        self.brouillon: BrouillonInstruction | None = None
        envoye: QueryDict | None = request.POST if request.method == "POST" else None
        designee = (envoye or request.GET).get("personne", "")
        if envoye is None:
            garde = BrouillonInstruction.objects.filter(agent=request.user).first()
            if garde is not None and (not designee or garde.contenu.get("personne") == [designee]):
                self.brouillon, envoye = garde, relire(garde.contenu)
                designee = designee or envoye.get("personne", "")
        try:
            self.personne = self._personne(envoye.get("est", "") if envoye and "est" in envoye else designee)
        except HorsPerimetreError:
            if self.brouillon is None:
                raise
            self.brouillon, self.personne, envoye = None, None, None
        # Une saisie en cours se remplit sans se faire corriger : elle n'est pas finie.
        en_cours = envoye is not None and (self.brouillon is not None or "actualiser" in envoye)
        options: dict[str, Any] = {"initial": _initiales(envoye)} if en_cours else {"data": envoye}
        self.depot = DepotForm(donnees=self.donnees, **options)
        if envoye is None:
            self._deviner_organisme()
        cree = self.personne is None
        self.identite = IdentiteForm(perimetre=self.perimetre, **options) if cree else None
        self.joindre = JoindreForm(**options) if cree else None
        self.doublons: tuple[Any, ...] = ()
        self.refus = ""

    def _personne(self, identifiant: str) -> Personne | None:
        if not identifiant:
            return None
        try:
            cle = UUID(identifiant)
        except ValueError:
            raise HorsPerimetreError("Cette personne n'existe pas. Cherchez-la de nouveau.") from None
        if self.request.method == "GET":
            return ouvrir_personne(self.request, cle, droit=DROIT, ecran=ECRAN)
        return acceder_personne(self.perimetre, cle, droit=DROIT)

    def _deviner_organisme(self) -> None:
        """L'organisme de l'agent, s'il instruit."""
        miens = self.depot.fields["organisme"].queryset.filter(pk__in=self.perimetre.organismes)
        seul = miens[:2]
        if len(seul) == 1:
            self.depot.fields["organisme"].initial = seul[0].code

    # --- Enregistrer

    def enregistrer(self) -> HttpResponse:
        """Crée la personne s'il le faut, dépose la demande, note ce qui a été dit : tout, ou rien."""
        valides = [f.is_valid() for f in (self.identite, self.joindre, self.depot) if f is not None]
        if not all(valides):
            self.refus = "Quelques réponses sont à corriger : elles sont signalées plus bas."
            return self.rendre()
        try:
            with transaction.atomic():
                demande = self._accomplir()
        except DoublonPossibleError as doute:
            self.doublons, self.refus = doute.doublons, str(doute)
            return self.rendre()
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            self.refus = str(refus)
            return self.rendre()
        messages.success(self.request, "Premier contact enregistré. La demande est ouverte.")
        return redirect("instruction", demande.public_id)

    def _accomplir(self) -> DemandeInstruction:
        qui = {"acteur": self.request.user, "perimetre": self.perimetre}
        lu = self.depot.cleaned_data
        personne, commune = self.personne, self._commune_connue()
        if personne is None:
            commune = self.joindre.cleaned_data["commune"]
            personne = creer_personne(
                self.identite.identite, **qui, commune=commune, ecartees=self._ecartees(), organisme=lu["organisme"]
            )
            mettre_a_jour_coordonnees(personne, **qui, **self.joindre.valeurs)
        demande = deposer_demande(
            personne, **qui, organisme=lu["organisme"], depot_le=lu["depot_le"], situations=lu["situations"],
            reponses=self.depot.reponses, soumise=lire_soumise(lu["soumise"]), ecart=lu["ecart"],
            ecart_precision=lu["ecart_precision"], pieces_recues=lu["pieces"],
        )  # fmt: skip
        if lu["informee"]:
            noter_information(demande, **qui)
        if lu["simulation_montant"] is not None:
            noter_simulation(
                demande, **qui, source=lu["simulation_source"], hypothese=lu["simulation_hypothese"],
                montant=lu["simulation_montant"],
            )  # fmt: skip
        return demande

    def _ecartees(self) -> list[UUID]:
        lues = []
        for valeur in self.request.POST.getlist("ecartees"):
            try:
                lues.append(UUID(valeur))
            except ValueError:
                continue
        return lues

    # --- Montrer

    def _commune_connue(self) -> Commune | None:
        if self.joindre is None:
            return None
        try:
            return self.joindre.fields["commune"].clean(self.joindre["commune"].value())
        except Exception:
            return None

    def _conseil(self) -> dict[str, Any]:
        """Proposition de lieu, pièces à demander et avis du test, d'après la saisie présente."""
        situations = self.depot.situations_lues
        commune = self._commune_connue()
        territoire = self.personne.territoire_id if self.personne else territoire_de(commune)
        proposes = instruction.lieux_proposes(
            self.donnees, situations, territoire=territoire, commune=commune.code_insee if commune else "",
            jour=timezone.localdate(),
        )  # fmt: skip
        en_cours = charges()
        capacites = {site.organisme: site.capacite for site in self.donnees.sites}
        choisi = str(self.depot["organisme"].value() or "")
        organisme = next((o for o in self.depot.fields["organisme"].queryset if o.code == choisi), None)
        regle = instruction.regle_aiguillage(self.donnees, situations)
        resultat = instruction.resultat_test(self.donnees, self.depot.reponses)
        return {
            "lieux": [
                {
                    "organisme": lieu, "charge": en_cours.get(lieu.pk, 0), "capacite": capacites.get(lieu.code),
                    "plein": bool(capacites.get(lieu.code)) and en_cours.get(lieu.pk, 0) >= capacites[lieu.code],
                }
                for lieu in proposes[:5]
            ],
            "situe": territoire is not None,
            "source": regle.source,
            "ecart": organisme is not None and organisme.type.categorie not in {c.value for c in regle.vers},
            "resultat": resultat,
            "resultat_libelle": ResultatTest(resultat).label,
            "pieces": instruction.pieces_a_demander(self.donnees, situations),
            "pieces_recues": set(self.depot["pieces"].value() or []),
        }  # fmt: skip

    def rendre(self) -> HttpResponse:
        request = self.request
        q = request.GET.get("q", "").strip()[:120]
        requete = lire_requete(q)
        trouvees: list[Any] = []
        if q and not requete.contient_nir:
            cles = chercher(self.perimetre, requete, limite=10).cles
            trouvees = resultats(cles) if cles else []
            noter_lecture(
                Lecture.Nature.RECHERCHE, agent=request.user, organisme=self.perimetre.organisme_principal,
                nombre=len(cles), ecran=ECRAN,
            )  # fmt: skip
        for doublon in self.doublons:
            noter(request, doublon.personne, "comparaison avant création")
        ouverte = demandes().filter(personne=self.personne, close_le=None).first() if self.personne else None
        reponse = render(
            request,
            "instruction/saisir.html",
            {
                "personne": self.personne, "ouverte": ouverte, "depot": self.depot, "identite": self.identite,
                "joindre": self.joindre, "conseil": self._conseil(), "brouillon": self.brouillon,
                "doublons": self.doublons, "refus": self.refus, "q": q, "requete": requete, "trouvees": trouvees,
                "communes": communes_du_departement() if self.joindre else [],
                "saisie_identite": self.identite.cleaned_data if self.doublons and self.identite else {},
            },
            status=200,
        )  # fmt: skip
        reponse["Cache-Control"] = "no-store"
        return reponse


def _initiales(contenu: QueryDict) -> dict[str, Any]:
    """Valeurs de départ : les cases à choix multiples gardent leurs listes."""
    listes = {"situations", "pieces"}
    return {nom: contenu.getlist(nom) if nom in listes else contenu.get(nom) for nom in contenu if nom != "nir"}
