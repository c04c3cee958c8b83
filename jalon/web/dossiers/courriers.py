"""Les lettres d'une personne : ce qu'elles sont devenues, et celles que la poste a rendues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, MotifRetour
from jalon.personnes.courriers import adresse_a_verifier, courriers_de, noter_retour, peut_noter_un_retour
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import HorsPerimetreError
from jalon.web.dossiers.views import montrer_onglet, ouvrir_dossier
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_longue

PAR_PAGE = 25


class RetourForm(forms.Form):
    """Ce qui est écrit sur le pli rendu ; l'acte vérifie le reste."""

    motif = forms.ChoiceField(choices=MotifRetour.choices, error_messages={"required": "Dites pourquoi il est revenu."})
    revenu_le = forms.DateField(error_messages={"required": "Donnez le jour où le pli est revenu."})
    presente_le = forms.DateField(required=False)
    precision = forms.CharField(required=False, max_length=200)


@dataclass(frozen=True)
class Courrier:
    """Une lettre, et ce qu'elle est devenue : ton, dessin et mot, puis une phrase."""

    document: Document
    postal: Envoi | None
    message: Envoi | None

    @property
    def badge(self) -> dict[str, str]:
        ton, icone, texte = self._etat()
        return {"ton": ton, "icone": icone, "texte": texte}

    def _etat(self) -> tuple[str, str, str]:
        if self.postal is None:
            return ("gris", "mail", "Par message") if self.message is not None else ("gris", "hand-stop", "À remettre")
        if self.postal.etat == EtatEnvoi.REVENU:
            return "rouge" if self.postal.perdu else "ambre", "mail-x", "Revenue"
        if self.postal.etat == EtatEnvoi.REMIS:
            return "vert", "circle-check", "Reçue"
        return ("bleu", "send", "Partie") if self.postal.etat == EtatEnvoi.ENVOYE else ("gris", "mail", "À poster")

    @property
    def phrase(self) -> str:
        lu = self.postal
        if lu is None or lu.etat != EtatEnvoi.REVENU:
            return ""
        presentee = f", présentée le {date_longue(lu.presente_le)}" if lu.presente_le else ""
        precision = f". {lu.precision_retour}" if lu.precision_retour else ""
        return f"{lu.get_motif_retour_display()}{presentee}. Rendue le {date_longue(lu.revenu_le)}{precision}"

    @property
    def peut_revenir(self) -> bool:
        return self.postal is not None and self.postal.etat in (EtatEnvoi.A_ENVOYER, EtatEnvoi.ENVOYE)


def _courrier(document: Document) -> Courrier:
    envois = list(document.envois.all())
    return Courrier(
        document,
        next((e for e in reversed(envois) if e.canal == Canal.COURRIER), None),
        next((e for e in reversed(envois) if e.canal != Canal.COURRIER), None),
    )


@exige("dossier.consulter")
@require_safe
def personne_courriers(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ses lettres, la dernière d'abord ; l'adresse est signalée tant qu'une lettre en est revenue."""
    return _montrer(request, public_id)


def _montrer(
    request: HttpRequest, public_id: UUID, refuse: str = "", saisie: dict[str, Any] | None = None
) -> HttpResponse:
    perimetre = request.perimetre  # type: ignore[attr-defined]
    dossier = ouvrir_dossier(request, public_id, "courriers")
    page: Page[Document] = Paginator(courriers_de(dossier.personne, perimetre), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    return montrer_onglet(
        request, dossier, "courriers", statut=409 if refuse else 200, page=page,
        courriers=[_courrier(document) for document in page], motifs=MotifRetour.choices,
        peut_noter=peut_noter_un_retour(perimetre), a_verifier=adresse_a_verifier(dossier.personne),
        refuse=refuse, saisie=dict.fromkeys(RetourForm.base_fields, "") | (saisie or {}), jour=timezone.localdate(),
    )  # fmt: skip


@exige("dossier.consulter")
@require_POST
def courrier_retour(request: HttpRequest, public_id: UUID, lettre: UUID) -> HttpResponse:
    """Note qu'une lettre est revenue ; refusé, la page revient avec ce qui était rempli."""
    perimetre = request.perimetre  # type: ignore[attr-defined]
    personne = acceder_personne(perimetre, public_id)
    envoi = _envoi(personne, perimetre, lettre)
    form = RetourForm(request.POST)
    if not form.is_valid():
        return _refuser(request, public_id, lettre, next(iter(form.errors.values()))[0])

    def acte() -> str:
        retour = noter_retour(personne, envoi, acteur=request.user, perimetre=perimetre, **form.cleaned_data)
        if retour.perdu:
            return "Le retour est noté : cette lettre n’a rien appris à la personne. Cherchez son adresse avec elle."
        return "Le retour est noté. Essayez aussi de joindre la personne autrement : un appel vaut mieux qu’un avis."

    if tenter(request, acte):
        return redirect("personne_courriers", public_id)
    return _montrer(request, public_id, str(lettre), request.POST.dict())


def _refuser(request: HttpRequest, public_id: UUID, lettre: UUID, phrase: str) -> HttpResponse:
    messages.error(request, phrase)
    return _montrer(request, public_id, str(lettre), request.POST.dict())


def _envoi(personne: Personne, perimetre: Any, lettre: UUID) -> Envoi:
    """L'envoi postal de cette lettre, si l'agent peut la lire. Lève `HorsPerimetreError`."""
    trouvee = courriers_de(personne, perimetre).filter(public_id=lettre).first()
    postal = _courrier(trouvee).postal if trouvee is not None else None
    if postal is None:
        raise HorsPerimetreError("Cette lettre n’existe pas ici, ou n’est pas partie par la poste : rechargez la page.")
    return postal
