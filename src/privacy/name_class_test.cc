#include "privacy/name_class.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace sluice::privacy {
namespace {

struct Line {
  Class cls;
  const char* names;
};

// Names as developers of many countries give them; '/' stands between a table and its column.
// clang-format off
constexpr Line kSensitive[] = {
    {Class::kPersonName, "to_name from_name kunder/lenker lokator najemnik familiya prijmenie furigana sn first_name last_name lastName FirstName fname lname middle_initial surname given_names full_name fullname customer_name CustName contact_name emp_name patient_name attending cardholder_name "
                         "card_holder account_holder beneficiary_name emergency_contact_name maiden_name mother_maiden_name nachname vorname familienname rufname vollname ansprechpartner kundenname kontoinhaber "
                         "geburtsname nom_famille prenom nom_client prenom_usuel titulaire_compte nombre apellidos apellido_paterno nombre_completo nombre_cliente primer_apellido nome_completo sobrenome "
                         "nome_cliente cognome nome_e_cognome intestatario achternaam voornaam klantnaam nazwisko imie imie_nazwisko fornamn efternamn etternavn fornavn etunimi sukunimi prijmeni jmeno soyad "
                         "publication_author_name customers/name patients/name users/display_name employee/nm CUSTNM cnt_nm CNT_NAME EMPNAME LSTNM FRSTNM doctor_name physician payee recipient_name guest_name driver_name signatory next_of_kin "
                         "фамилия 姓名 氏名 성명 fio voorletters initials nom_naissance お名前 フリガナ 收件人 담당자 고객명 العملاء/الاسم اسم_العميل ग्राहक/नाम прізвище ονοματεπώνυμο anyja_neve meisjesnaam"},
    {Class::kEmail, "email e_mail emailAddress email_address EMAIL_ADDR contact_email work_email primaryEmail user_mail mail kunden_email correo correo_electronico courriel adresse_mail adresse_email "
                    "e-mail-adresse EMLADDR emailadres poczta_email epost sahkoposti recovery_email email2 billing_email publication_contact_email"},
    {Class::kPhone, "HPHN WPHN fone الجوال رقم_الهاتف मोबाइल 連絡先 联系电话 휴대전화 номер_телефону κινητό phone phone_number phoneNumber mobile mobile_no cell_phone tel tel_no telNo home_phone work_phone workPhone fax fax_number telefon telefonnummer handynummer handy_nr rufnummer festnetz telefono "
                    "numero_telefono telephone_portable num_tel telemovel celular telefoon telefoonnummer mobiel nr_telefonu tel_kom telefonnr puhelin PHONENBR PH1 CELLPHN contact_number whatsapp_number msisdn emergency_phone 电话 電話番号"},
    {Class::kPostalAddress, "billStreet ship_street العنوان पता адреса 收货地址 배송지 οδός utca_hazszam bill_addr address street street_address addr_line1 address_line_1 addressLine2 home_address mailing_address billing_address shipping_address residential_address strasse strassenname anschrift "
                            "wohnanschrift lieferanschrift rechnungsadresse adresse adresse_postale rue direccion domicilio calle endereco logradouro morada indirizzo via residenza adres straat straatnaam ulica adres_zamieszkania "
                            "gatuadress gateadresse ADDR1 STRADDR 住所 адрес hausnummer line1 street_line_1 osoite bostadsadress"},
    {Class::kBirthDate, "ne_le geboren szul_datum ημ_γέννησης تاريخ_الميلاد जन्मतिथि дата_народження yob dob date_of_birth birth_date birthDate birthday bday geburtsdatum geb_datum gebdat geburtstag date_naissance dt_naissance fecha_nacimiento fec_nac fechaNacimiento data_nascimento dt_nasc data_di_nascita geboortedatum "
                        "data_urodzenia fodelsedatum fodselsdato syntymaaika DTBRTH DOBDT BRTHDT patient_dob birth_year 生年月日 出生日期"},
    {Class::kUsSsn, "ssn SSN social_security_number ssn_number emp_ssn socialSecurityNumber soc_sec_no"},
    {Class::kUkNino, "nino ni_number national_insurance_number national_insurance_no"},
    {Class::kUkNhs, "nhs_number nhs_no nhsNumber"},
    {Class::kDeTaxId, "steuer_id steuerId steueridentifikationsnummer"},
    {Class::kEsDni, "dni nie nif dni_cliente num_dni"},
    {Class::kItCodiceFiscale, "codice_fiscale codiceFiscale cod_fiscale"},
    {Class::kNlBsn, "bsn bsn_nummer burgerservicenummer"},
    {Class::kPlPesel, "pesel nr_pesel numer_pesel"},
    {Class::kSePersonnummer, "personnummer"},
    {Class::kBrCpf, "cpf cpf_cliente num_cpf"},
    {Class::kInAadhaar, "aadhaar aadhaar_no aadhar_number"},
    {Class::kMxCurp, "curp"},
    {Class::kNationalId, "identity_card cartao_cidadao national_id nationalIdNumber identity_number id_card_number citizen_id sozialversicherungsnummer sv_nummer cpr_nummer henkilotunnus fodselsnummer rodne_cislo numero_identidad documento_identidad 身份证号"},
    {Class::kTaxId, "tax_id tax_number taxpayer_id tin TAXIDNBR steuernummer numero_fiscal"},
    {Class::kPassport, "ppt_no passport travel_document travel_document_no passport_no passport_number passportNumber reisepass reisepassnummer numero_passeport pasaporte num_pasaporte passaporte paspoortnummer nr_paszportu"},
    {Class::kDrivingLicence, "carta_cond forerkort jogositvany ridic_prukaz drivers/lic carnet_cond fs_nummer driving_licence driver_license drivers_license_no dl_number license_number fuehrerscheinnr fuhrerscheinnummer permis_conduire licencia_conducir cnh rijbewijs prawo_jazdy patente_guida"},
    {Class::kVehicleId, "vin vehicle_vin chassis_number fahrgestellnummer"},
    {Class::kLicencePlate, "kjennemerke rendszam nr_inmatriculare spz regn_no kennz kfz_kz license_plate licence_plate plate_number plate kennzeichen kfz_kennzeichen immatriculation matricula placa targa kenteken reg_plate"},
    {Class::kIpAddress, "ip ip_address ipAddr client_ip last_login_ip remote_addr_ip ip_adresse source_ip"},
    {Class::kMacAddress, "mac mac_address macAddr device_mac"},
    {Class::kImei, "imei device_imei imei_number"},
    {Class::kDeviceId, "device_id deviceId idfa advertising_id android_id"},
    {Class::kCardNumber, "card_number cardNumber cc_number credit_card credit_card_no card_no ccnum pan debit_card_number kreditkartennummer kartennummer numero_carte tarjeta_credito num_tarjeta numero_cartao carta_credito creditcardnummer numer_karty CARDNBR"},
    {Class::kCardCode, "ccv cvv cvc cvv2 card_cvv security_code_cvv card_security_code"},
    {Class::kIban, "iban iban_number refund_iban customer_iban bankverbindung IBANNR"},
    {Class::kBankAccount, "debit_account payoutAccount savings_acct_no rib ach_acct nr_konta cislo_uctu kouza_bango account_number bank_account bank_account_no acct_no kontonummer konto_nr numero_compte cuenta_bancaria num_cuenta conta_bancaria conto_corrente rekeningnummer nr_konta_rachunek ACCTNBR"},
    {Class::kCryptoWallet, "wallet_address btc_address wallet eth_wallet crypto_address"},
    {Class::kMedicalRecord, "nhc hist_clinica mrn medical_record_number patient_number chart_no patientennummer num_dossier_patient"},
    {Class::kHealthInsurance, "kassennr trygdenr cns num_afiliacion MEMBERINS nr_carteirinha verzekerdenr kk_nr insurance_number health_insurance_no insurance_policy_number versichertennummer insurance_id krankenversicherungsnummer numero_mutuelle"},
    {Class::kHealthData, "patologia arzneimittel diagnosis diagnosis_code icd10_code allergies medication blood_type blutgruppe diagnose medikation symptoms diagnostico chronic_conditions grupo_sanguineo"},
    {Class::kReligion, "religion religious_belief konfession"},
    {Class::kEthnicity, "tradeUnion gewerkschaft political_party sexual_orientation ethnicity race ethnic_origin"},
    {Class::kPassword, "security_answer secretAnswer wifi_psk password passwd pwd user_password pass passwort kennwort mot_de_passe contrasena senha wachtwoord haslo"},
    {Class::kPasswordHash, "password_hash pw_hash passwordHash pwd_digest hashed_password"},
    {Class::kApiKey, "api_key apiKey client_secret secret_key webhook_secret aws_secret_access_key api_secret shared_secret"},
    {Class::kAccessToken, "reset_token activation_token access_token refresh_token auth_token bearer oauth_token token"},
    {Class::kPrivateKey, "private_key privateKey rsa_private_key ssh_key pem_key"},
    {Class::kConnectionString, "connection_string conn_str dsn jdbc_url database_url"},
    {Class::kSessionCookie, "session sess session_id session_token sessionid cookie session_cookie"},
    {Class::kMfaSeed, "totp_secret mfa_secret otp_seed mfa_seed backup_codes recovery_codes two_factor_secret"},
    {Class::kSeedPhrase, "mnemonic seed_phrase recovery_phrase wallet_seed mnemonic_phrase"},
    {Class::kGeoPosition, "latitude longitude lat lng lon gps_position geo_point home_lat last_known_latitude coordinates breitengrad"},
};
constexpr const char* kHarmless =
    "id order_id order_no order_number invoice_no tracking_number part_number component_no sku product_code item_code product_name title brand maker manufacturer company_name vendor supplier_name "
    "publication_date date_publication fecha_publicacion created_at updated_at joined_on issued_at last_login start_date end_date expiry_date delivery_date due_date amount total price list_price balance quantity qty visits count email_sent email_verified email_count "
    "phone_verified phone_check is_active has_card status state_code type category version driver_ver app_version firmware release commit_hash checksum sha256 md5_sum digest guid row_id uuid color shade "
    "currency language locale description_len weight height length width rating score rank priority level tier plan kind build branch lane route line production_line gate tag asset_tag numero_serie numero_lote cell_tower terminal terminal_id fingerprint cert_fingerprint journal_no ship_no consignment batch_no lot_number serial_no barcode ean isbn "
    "department dept_code building warehouse store_no region_code country_code timezone url image_url file_name file_path hostname port domain bank_name hospital_name school_name city_name product_description card_type card_brand account_type "
    "account_status address_type address_count phone_model email_template password_changed_at password_expired token_expires_at token_count login_count failed_attempts session_count session_duration ip_version "
    "mail_sent_on is_verified consent_email newsletter opt_in bestellnummer rechnungsnummer artikelnummer betrag preis menge lieferdatum erstellt_am eintritt beitritt beitrag numero_commande prix quantite date_commande "
    "numero_pedido precio cantidad fecha_alta numero_factura pedido preco quantidade data_pedido numero_ordine prezzo quantita data_ordine bestelnummer prijs aantal numer_zamowienia cena ilosc data_zamowienia ordernummer pris antal "
    "gl_acct gl_account_no ledger_account sachkonto sachkonto_nr cuenta_contable session_name conference_session "
    "REFNO LSTUPDTS BRCD LOTQTY ORDDT INVNBR PRODCD products/name brands/name cities/name categories/name customer_id user_id patient_id employee_id member_count customer_type user_type user_status driver_version "
    "referral_code promo_code coupon discount_pct tax_rate tax_amount vat_amount tariff shipping_cost page_views clicks bounce_rate avg_session backup nightly_backup recovery_time debit_amount document_type stock_level reorder_point shelf bin aisle slot position_no sensor_value temperature "
    "kanal vertriebskanal razao_social nome_fantasia denominacion_social 会社名 회사명 اسم_المنتج اسم_الشركة رقم_الطلب ऑर्डर_संख्या 商品名 부서명 номер_замовлення επωνυμία "
    "num_dossier whole_price whole wholesale humidity voltage speed duration_ms retries queue worker_node pod_name cluster zone env config_key feature_flag";
// clang-format on

Concepts path_of(std::string& name) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return {};
  const Concepts path = meaning_of_name(name.substr(0, slash));
  name.erase(0, slash + 1);
  return path;
}

TEST(NameClass, KnowsWhatPeopleCallTheirColumns) {
  size_t wrong = 0, all = 0;
  for (const Line& line : kSensitive) {
    std::istringstream names(line.names);
    for (std::string each; names >> each;) {
      std::string column = each;
      const Concepts path = path_of(column);
      const NameVerdict verdict = class_of_name(column, path);
      ++all;
      // Which of two numbering schemes it is matters less than that it is one.
      if (verdict.cls == line.cls || (is_national_id(verdict.cls) && is_national_id(line.cls)))
        continue;
      ++wrong;
      ADD_FAILURE() << each << " is " << name(verdict.cls) << " (" << verdict.strength
                    << "), should be " << name(line.cls);
    }
  }
  EXPECT_EQ(wrong, 0U) << "of " << all;
}

TEST(NameClass, LeavesOtherColumnsAlone) {
  std::istringstream names(kHarmless);
  for (std::string each; names >> each;) {
    std::string column = each;
    const Concepts path = path_of(column);
    const NameVerdict verdict = class_of_name(column, path);
    EXPECT_FALSE(masked_by_default(verdict.cls))
        << each << " is " << name(verdict.cls) << " (" << verdict.strength << ")";
  }
}

TEST(NameWords, TakesNamesApart) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(name_words("homeTel_no2"), (Words{"home", "tel", "no"}));
  EXPECT_EQ(name_words("HTTPServerURL"), (Words{"http", "server", "url"}));
  EXPECT_EQ(name_words("Geburts-Datum"), (Words{"geburts", "datum"}));
  EXPECT_EQ(name_words("TAXIDNBR").back(), "nbr");
  EXPECT_EQ(name_words("xyzzy"), (Words{"xyzzy"}));
  EXPECT_TRUE(name_words("").empty());
  EXPECT_TRUE(name_words("__1__").empty());
}

TEST(NameWords, KnowsNamesThatSayNothing) {
  for (const char* name : {"col7", "v3", "field_12", "c1", "F2", "attr_3", "x"})
    EXPECT_TRUE(is_meaningless(name)) << name;
  for (const char* name : {"email", "tel2", "value", "name1", "address"})
    EXPECT_FALSE(is_meaningless(name)) << name;
}

}  // namespace
}  // namespace sluice::privacy
